"""Rates and fees with the days they hold: no legal number and no fee stands in code."""

from __future__ import annotations

from datetime import date
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Prose, Short, UuidPk


class RateKind(Enum):
    """VAT by tax category, our commission by kind of listing, the buyer's fee per order, and the sum above which two
    people decide about a hold."""

    vat = "VAT"
    commission = "Commission"
    buyer_fee = "Buyer fee"
    two_person_limit = "Two-person limit"


class Rate(Base):
    """`bps` is a share in basis points; a fee or a limit is `amount_minor`, gross, in `currency`; exactly one of both.

    `valid` is half-open, in days of the jurisdiction; two rows for the same thing never overlap (the database refuses).
    """

    __tablename__ = "rate"
    __table_args__ = (
        ExcludeConstraint(
            ("kind", "="),
            ("jurisdiction", "="),
            ("category", "="),
            ("valid", "&&"),
            name="ex_rate_one_at_a_time",
            using="gist",
        ),
        sa.CheckConstraint("(bps IS NULL) <> (amount_minor IS NULL)", name="share_or_amount"),
        sa.CheckConstraint("bps BETWEEN 0 AND 10000", name="bps_is_a_share"),
        sa.CheckConstraint("amount_minor >= 0", name="amount_is_not_negative"),
        sa.CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name="amount_has_a_currency"),
    )

    id: Mapped[UuidPk]
    kind: Mapped[RateKind] = mapped_column(
        sa.Enum(RateKind, name="rate_kind", native_enum=False, create_constraint=True, length=20)
    )
    jurisdiction: Mapped[str] = mapped_column(sa.String(8))
    category: Mapped[Short]
    bps: Mapped[int | None] = mapped_column(sa.Integer)
    amount_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    currency: Mapped[str | None] = mapped_column(sa.CHAR(3))
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)
    source: Mapped[Prose]
