"""A payment that its payer contests at their bank: the bank takes the money first and decides later."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.types import Created, Currency, Minor, Prose, Short, UuidPk


class ChargebackState(Enum):
    """The provider says how it ends; an inquiry ends without money having moved."""

    needs_response = "Needs a response"
    under_review = "With the bank"
    won = "Won"
    lost = "Lost"
    inquiry_closed = "Inquiry closed"


S = ChargebackState
LIVE = (S.needs_response, S.under_review)
CHARGEBACK = Machine(
    name="chargeback",
    states=S,
    initial=S.needs_response,
    terminal=frozenset({S.won, S.lost, S.inquiry_closed}),
    owned=((S.under_review, "the bank decides, the sweep asks; finance"),),
    moves=(
        move(S.needs_response, "submit_evidence", S.under_review, "operator", "before the bank's deadline"),
        move(S.needs_response, "concede", S.under_review, "operator", "not contested; the provider is told"),
        # Nothing is booked as lost before the provider says so: evidence may have gone to it by another way.
        move(S.needs_response, "no_evidence", S.under_review, "system", timer=Timer(at="evidence_due_at")),
        move(S.needs_response, "psp_review", S.under_review, "psp"),
        move(S.under_review, "psp_asks", S.needs_response, "psp", "an inquiry became a chargeback; a new deadline"),
        *(
            move(source, event, target, "psp")
            for source in LIVE
            for event, target in (("psp_won", S.won), ("psp_lost", S.lost), ("inquiry_closed", S.inquiry_closed))
        ),
    ),
)


class Chargeback(Lifecycle, Base):
    """Sums are minor units. `withdrawn_at` is when the bank took the money; None for an inquiry, which moves none.

    `order_fee_net_minor` and `order_fee_vat_minor` are the buyer fee that went with a lost case, `loss_minor` what
    nothing else covered.
    `evidence_due_at` is the bank's deadline (UTC), `evidence_rounds` counts answers: a bank may ask again; `asked_at`
    is when the sweep last asked; `concession` says that it is not contested.
    """

    __tablename__ = "chargeback"
    __table_args__ = (
        sa.UniqueConstraint("provider", "provider_dispute_id"),
        sa.CheckConstraint("amount_minor > 0 AND fee_minor >= 0 AND loss_minor >= 0", name="sums_are_positive"),
        sa.CheckConstraint("state <> 'won' OR withdrawn_at IS NOT NULL", name="won_money_had_gone"),
        sa.CheckConstraint("state <> 'lost' OR withdrawn_at IS NOT NULL", name="lost_money_had_gone"),
        sa.Index("ix_chargeback_payment_id", "payment_id"),
        sa.Index("ix_chargeback_order_id", "order_id"),
    )
    machine = CHARGEBACK

    id: Mapped[UuidPk]
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment.id"))
    order_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_order.id"))
    provider: Mapped[Short]
    provider_dispute_id: Mapped[Short]
    reason: Mapped[Short]
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    fee_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    order_fee_net_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    order_fee_vat_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    loss_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    evidence_due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    evidence_text: Mapped[Prose] = mapped_column(default="", server_default="")
    evidence_rounds: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    evidence_sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    concession: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    asked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    payment: Mapped[Payment] = relationship(Payment)
    order: Mapped[Order | None] = relationship(Order)

    @property
    def live(self) -> bool:
        """The bank has not decided."""
        return self.state in LIVE
