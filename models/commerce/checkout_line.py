"""What one line costs, who gets what of it, and by which rates: fixed when it is quoted, never worked out again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from models.base import Base
from models.types import Bps, Minor, Prose, Short, UuidPk


class PricedLine:
    """Sums in minor units, rates in basis points; VAT and commission are rounded half up, once, here.

    `tax_reason` is `standard_rated`, `not_collecting` (seller not registered) … ; commission is on the net price and
    carries VAT of its own.
    """

    __table_args__: Any = (
        sa.CheckConstraint("gross_minor = net_minor + vat_minor", name="gross_adds_up"),
        sa.CheckConstraint("net_minor > 0 AND vat_minor >= 0", name="sums_are_positive"),
        sa.CheckConstraint(
            "commission_minor >= 0 AND commission_vat_minor >= 0 "
            "AND commission_minor + commission_vat_minor <= gross_minor",
            name="commission_fits",
        ),
    )

    position: Mapped[int] = mapped_column(sa.SmallInteger)
    title: Mapped[Short]
    description: Mapped[Prose]
    net_minor: Mapped[Minor]
    vat_bps: Mapped[Bps]
    vat_minor: Mapped[Minor]
    gross_minor: Mapped[Minor]
    tax_reason: Mapped[Short]
    commission_bps: Mapped[Bps]
    commission_minor: Mapped[Minor]
    commission_vat_bps: Mapped[Bps]
    commission_vat_minor: Mapped[Minor]

    @declared_attr
    def listing_id(cls) -> Mapped[UUID]:  # noqa: N805  SQLAlchemy calls it on the class
        return mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"))


class CheckoutLine(PricedLine, Base):
    """One line of a checkout."""

    __tablename__ = "checkout_line"
    __table_args__ = (*PricedLine.__table_args__, sa.UniqueConstraint("checkout_id", "position"))

    id: Mapped[UuidPk]
    checkout_id: Mapped[UUID] = mapped_column(sa.ForeignKey("checkout.id"))
