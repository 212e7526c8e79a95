"""The protected payment hold of one order: money that is nobody's yet, and the ledger account that proves it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.order import Order
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.types import Created, Currency, Minor, UuidPk


class EscrowState(Enum):
    """`settled` and `voided` hold nothing."""

    pending = "Pending"
    held = "Held"
    frozen = "Frozen"
    settled = "Settled"
    voided = "Voided"


S = EscrowState
ESCROW = Machine(
    name="escrow",
    states=S,
    initial=S.pending,
    terminal=frozenset({S.settled, S.voided}),
    owned=((S.pending, "made and captured in one transaction, so nobody ever sees it waiting"),),
    moves=(
        move(S.pending, "captured", S.held, "psp", "amount matches"),
        move(S.pending, "void", S.voided, "system", "payment cancelled or expired"),
        move(S.held, "release", S.held, "system", "less than what is left; order line completed"),
        move(S.held, "refund", S.held, "operator|system", "less than what is left"),
        move(S.held, "release_rest", S.settled, "system", "all that is left"),
        move(S.held, "refund_rest", S.settled, "operator|system", "all that is left"),
        move(S.held, "freeze", S.frozen, "system", "dispute, chargeback or sanctions"),
        move(S.frozen, "unfreeze", S.held, "system", "all reasons cleared"),
        move(S.frozen, "split", S.settled, "operator|system", "both parts make all that is left"),
        move(S.frozen, "charge_back", S.settled, "system", "the bank gave all that is left back to its payer"),
        move(S.frozen, "charge_back_part", S.frozen, "system", "the bank gave less than what is left back"),
        move(
            S.held,
            "age_alarm",
            S.frozen,
            "system",
            "an operator must decide",
            timer=Timer(timedelta(85), "captured_at"),
        ),
        move(S.frozen, "age_limit", S.settled, "system", "refund", timer=Timer(timedelta(89), "captured_at")),
        move(S.frozen, "refund_rest_system", S.settled, "system", "the order was cancelled by its own timer"),
    ),
)


class Escrow(Lifecycle, Base):
    """Sums are minor units. The columns say what the ledger account `escrow:<order>` says (an invariant compares)."""

    __tablename__ = "escrow"
    __table_args__ = (
        sa.UniqueConstraint("order_id"),
        sa.CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0 AND charged_back_minor >= 0 "
            "AND released_minor + refunded_minor + charged_back_minor <= captured_minor",
            name="never_more_than_captured",
        ),
        sa.CheckConstraint(
            "state <> 'settled' OR released_minor + refunded_minor + charged_back_minor = captured_minor",
            name="settled_holds_nothing",
        ),
    )
    machine = ESCROW

    id: Mapped[UuidPk]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_order.id"))
    currency: Mapped[Currency]
    captured_minor: Mapped[Minor]
    released_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    refunded_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    charged_back_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    captured_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    order: Mapped[Order] = relationship(Order)

    @property
    def remaining_minor(self) -> int:
        """What is still held, in minor units."""
        return self.captured_minor - self.released_minor - self.refunded_minor - self.charged_back_minor
