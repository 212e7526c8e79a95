"""Which facets a node asks for, and how much narrower than elsewhere. Children inherit every link."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.taxonomy_facet import TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode


class TaxonomyNodeFacet(Base):
    """`minimum`, `maximum` and `allowed` (a subset of the facet's options; empty for all) only ever narrow.

    `default_value` is what the form starts with, as typed: a number, a truth value, an option or a list of options.
    """

    __tablename__ = "taxonomy_node_facet"
    __table_args__ = (
        sa.CheckConstraint("minimum <= maximum", name="bounds_in_order"),
        sa.Index("ix_taxonomy_node_facet_facet_id", "facet_id"),
    )

    node_id: Mapped[UUID] = mapped_column(sa.ForeignKey("taxonomy_node.id", ondelete="RESTRICT"), primary_key=True)
    facet_id: Mapped[UUID] = mapped_column(sa.ForeignKey("taxonomy_facet.id", ondelete="RESTRICT"), primary_key=True)
    required: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    default_value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    minimum: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    maximum: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    allowed: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list, server_default="{}")
    retired: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    node: Mapped[TaxonomyNode] = relationship(TaxonomyNode)
    facet: Mapped[TaxonomyFacet] = relationship(TaxonomyFacet)
