"""A facet's value on a listing: typed, stored once, indexed for filters."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.taxonomy_facet import TaxonomyFacet


class ListingFacet(Base):
    """One row per value: a multiple choice has several, at positions 0, 1, 2."""

    __tablename__ = "listing_facet"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(text_value, number_value, boolean_value) = 1", name="one_typed_value"),
        sa.Index("ix_listing_facet_facet_id", "facet_id", "text_value"),
        sa.Index("ix_listing_facet_number_value", "facet_id", "number_value"),
    )

    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"), primary_key=True)
    facet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("taxonomy_facet.id", ondelete="RESTRICT"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    text_value: Mapped[str | None] = mapped_column(sa.String(200))
    number_value: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    boolean_value: Mapped[bool | None]

    facet: Mapped[TaxonomyFacet] = relationship(TaxonomyFacet)

    @property
    def value(self) -> str | Decimal | bool:
        """The one that is set."""
        values = (self.text_value, self.number_value, self.boolean_value)
        return next(value for value in values if value is not None)

    @property
    def shown(self) -> str:
        """As people read it: the option's label, the number with its unit, yes or no."""
        if self.boolean_value is not None:
            return "Yes" if self.boolean_value else "No"
        if self.number_value is not None:
            return f"{self.number_value.normalize():f} {self.facet.unit}".strip()
        labels = {option["value"]: option["label"] for option in self.facet.options}
        return labels.get(self.text_value or "", self.text_value or "")
