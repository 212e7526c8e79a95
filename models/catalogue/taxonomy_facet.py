"""A typed property that listings of a domain can have: number of circuits, working height, response time."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TypedDict
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.types import Prose, Short, UuidPk


class FacetType(Enum):
    """`enum` is one of the options, `multi_select` any of them."""

    string = "Text"
    integer = "Whole number"
    decimal = "Number"
    boolean = "Yes or no"
    enum = "One of a list"
    multi_select = "Several of a list"


class Option(TypedDict):
    """What is stored, and what people read."""

    value: str
    label: str


CHOICES = frozenset({FacetType.enum, FacetType.multi_select})
NUMBERS = frozenset({FacetType.integer, FacetType.decimal})


class TaxonomyFacet(Base):
    """Bounds apply to numbers, options to choices; `unit` is what follows the number (mm, hours, kg)."""

    __tablename__ = "taxonomy_facet"
    __table_args__ = (
        sa.UniqueConstraint("domain_id", "key"),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]*$'", name="key_is_a_name"),
        sa.CheckConstraint("minimum <= maximum", name="bounds_in_order"),
        sa.CheckConstraint("step > 0", name="step_goes_up"),
        sa.CheckConstraint(
            "(type IN ('enum', 'multi_select')) = (jsonb_array_length(options) > 0)", name="choices_have_options"
        ),
        sa.CheckConstraint(
            "type IN ('integer', 'decimal') OR num_nonnulls(minimum, maximum, step) = 0",
            name="numbers_have_bounds",
        ),
    )

    id: Mapped[UuidPk]
    domain_id: Mapped[UUID] = mapped_column(sa.ForeignKey("taxonomy_domain.id", ondelete="RESTRICT"))
    key: Mapped[str] = mapped_column(sa.String(60))
    label: Mapped[Short]
    question: Mapped[Prose] = mapped_column(default="", server_default="")
    position: Mapped[int]
    type: Mapped[FacetType] = mapped_column(
        sa.Enum(FacetType, name="facet_type", native_enum=False, create_constraint=True, length=20)
    )
    unit: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    minimum: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    maximum: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    step: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    options: Mapped[list[Option]] = mapped_column(JSONB, default=list, server_default="[]")
    filterable: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    searchable: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    retired: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    domain: Mapped[TaxonomyDomain] = relationship(TaxonomyDomain)

    def __str__(self) -> str:
        return self.label
