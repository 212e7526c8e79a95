"""Money on its way back to the buyer, from the wish to the provider's word."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.refund_line import RefundLine
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.types import Created, Currency, Minor, Prose, Short, UuidPk

MOST_ATTEMPTS = 3


class RefundState(Enum):
    """`succeeded` may be undone by the provider; `unknown` means: ask the provider, never try again blindly."""

    requested = "Requested"
    approved = "Approved"
    submitted = "Submitted"
    unknown = "Unknown"
    failed = "Failed"
    succeeded = "Succeeded"
    rejected = "Rejected"
    cancelled = "Cancelled"
    settled_manually = "Settled another way"


class RefundCause(Enum):
    """Why. Those of `BY_POLICY` follow the published policy or a decision and need nobody's approval; of the others
    one person asks and another approves."""

    declined = "Declined by the seller"
    lapsed = "Not accepted in time"
    cancelled_before_acceptance = "Cancelled before acceptance"
    late_capture = "Paid after the checkout was over"
    hold_limit = "Held too long without a decision"
    cancelled_by_buyer = "Cancelled by the customer"
    cancelled_by_seller = "Cancelled by the provider"
    cancelled_by_staff = "Cancelled by us"
    withdrawal = "Cancelled within 14 days (right to cancel)"
    dispute_decided = "A problem was decided"
    not_as_described = "Not as described"
    overcharged = "Charged too much"
    goodwill = "Goodwill"
    other = "Other"


BY_STAFF = frozenset({RefundCause.not_as_described, RefundCause.overcharged, RefundCause.goodwill, RefundCause.other})
_STAFF_CAUSES = ", ".join(f"'{one}'" for one in sorted(cause.name for cause in BY_STAFF))
BY_POLICY = frozenset(RefundCause) - BY_STAFF
S = RefundState
REFUND = Machine(
    name="refund",
    states=S,
    initial=S.requested,
    terminal=frozenset({S.succeeded, S.rejected, S.cancelled, S.settled_manually}),
    reopen=frozenset({S.succeeded}),
    owned=(
        (S.approved, "clockwork: the outbox submits it"),
        (S.failed, "finance"),
        (S.unknown, "clockwork polls; finance"),
    ),
    moves=(
        move(S.requested, "approve", S.approved, "operator", "another person than the requester; not over the limit"),
        move(S.requested, "auto_approve", S.approved, "system", "the cause follows the published policy"),
        move(
            S.requested, "reject", S.rejected, "operator|system", "reason; or the order ended and its money was divided"
        ),
        move(
            S.requested, "deadline", S.rejected, "system", "nobody approved it", timer=Timer(after=timedelta(days=14))
        ),
        move(S.approved, "submit", S.submitted, "system", "outbox row; one key per attempt"),
        move(S.approved, "cancel", S.cancelled, "operator", "not yet submitted"),
        move(S.submitted, "psp_succeeded", S.succeeded, "psp"),
        move(S.submitted, "psp_failed", S.failed, "psp"),
        move(
            S.submitted,
            "no_answer",
            S.unknown,
            "system",
            "ask before any retry",
            timer=Timer(after=timedelta(hours=24)),
        ),
        move(S.unknown, "found", S.submitted, "system"),
        move(S.failed, "found", S.submitted, "system", "the provider refused to say that it had it"),
        move(S.unknown, "not_found", S.approved, "system", "the provider says there is none"),
        move(S.failed, "retry", S.approved, "operator", "fewer than three attempts"),
        move(S.failed, "to_wallet", S.settled_manually, "buyer", "the buyer expressly agrees to another means"),
        move(S.failed, "bank_transfer", S.settled_manually, "operator", "two people"),
        *(
            move(state, "charged_back", S.settled_manually, "system", "the buyer's bank gave the money back first")
            for state in (S.approved, S.failed)
        ),
        *(
            move(state, "charged_back_part", state, "system", "the buyer's bank gave part of it back first")
            for state in (S.approved, S.failed)
        ),
        move(S.succeeded, "psp_failed_late", S.failed, "psp", "posting reversed"),
    ),
)


class Refund(Lifecycle, Base):
    """`amount_minor` is all that goes back; of it `fee_net_minor` + `fee_vat_minor` is the buyer fee, the rest comes
    from the order's lines (or, for a late capture, straight from what was captured). Minor units. `transfer_reference`
    is the bank's, where the money had to go another way; `covered_minor` is what the buyer's own bank gave of it."""

    __tablename__ = "refund"
    __table_args__ = (
        sa.CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        sa.CheckConstraint("fee_net_minor >= 0 AND fee_vat_minor >= 0", name="fee_is_not_negative"),
        sa.CheckConstraint("amount_minor >= fee_net_minor + fee_vat_minor", name="fee_is_part_of_it"),
        sa.CheckConstraint("covered_minor BETWEEN 0 AND amount_minor", name="covered_is_part_of_it"),
        sa.CheckConstraint("approved_by_user_id <> requested_by_user_id", name="approved_by_another"),
        sa.CheckConstraint(
            f"cause NOT IN ({_STAFF_CAUSES}) OR requested_by_user_id IS NOT NULL"
            " AND (state IN ('requested', 'rejected') OR approved_by_user_id IS NOT NULL)",
            name="asked_and_approved_by_people",
        ),
        sa.CheckConstraint("transfer_by_user_id <> transfer_confirmed_by_user_id", name="transfer_by_two"),
        sa.CheckConstraint("(order_id IS NULL) = (cause = 'late_capture')", name="of_an_order"),
        sa.UniqueConstraint("provider_refund_id"),
        sa.Index("ix_refund_order_id", "order_id"),
        sa.Index("ix_refund_payment_id", "payment_id"),
    )
    machine = REFUND

    id: Mapped[UuidPk]
    order_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_order.id"))
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payment.id"))
    cause: Mapped[RefundCause] = mapped_column(
        sa.Enum(RefundCause, name="refund_cause", native_enum=False, create_constraint=True, length=40)
    )
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    covered_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    fee_net_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    fee_vat_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    requested_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    approved_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    reason: Mapped[Prose] = mapped_column(default="", server_default="")
    transfer_reference: Mapped[Short] = mapped_column(default="", server_default="")
    transfer_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    transfer_confirmed_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    provider_refund_id: Mapped[str | None] = mapped_column(sa.String(120))
    last_error: Mapped[Prose] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]
    asked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When the sweep last asked the provider about it (real time); whoever was asked longest ago comes first."""

    order: Mapped[Order | None] = relationship(Order)
    payment: Mapped[Payment] = relationship(Payment)
    lines: Mapped[list[RefundLine]] = relationship(RefundLine)

    @property
    def due_minor(self) -> int:
        """What is to be sent, in minor units: all but what the buyer's bank gave of it."""
        return self.amount_minor - self.covered_minor
