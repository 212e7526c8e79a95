"""A problem with an order: what was said, what was proposed, and how the money under protection was divided."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.dispute_statement import DisputeStatement
from models.commerce.order import Order
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.types import Created, Prose, Short, UuidPk

MOST_PROPOSALS = 3


class DisputeState(Enum):
    """The last five are ends."""

    open = "Open"
    under_review = "Under review"
    awaiting_info = "Waiting for information"
    proposed = "Proposal made"
    decided_refund = "Decided: refund"
    decided_release = "Decided: release"
    decided_split = "Decided: split"
    withdrawn = "Withdrawn"
    closed_by_order = "Closed with the order"


S = DisputeState
LIVE = (S.open, S.under_review, S.awaiting_info, S.proposed)
DISPUTE = Machine(
    name="dispute",
    states=S,
    initial=S.open,
    terminal=frozenset({S.decided_refund, S.decided_release, S.decided_split, S.withdrawn, S.closed_by_order}),
    moves=(
        move(S.open, "respond", S.under_review, "buyer|seller", "the other party than the one who opened it"),
        move(S.open, "no_answer", S.under_review, "system", "silence is noted", timer=Timer(after=timedelta(days=3))),
        move(S.open, "take_up", S.under_review, "operator", "staff need not wait for the answer"),
        *(move(one, "withdraw", S.withdrawn, "buyer|seller|operator", "whoever opened it") for one in LIVE),
        move(S.under_review, "request_info", S.awaiting_info, "operator", "of whom, and what"),
        move(S.awaiting_info, "provide", S.under_review, "buyer|seller", "the party that was asked"),
        move(S.awaiting_info, "no_info", S.under_review, "system", "silence is noted", timer=Timer(timedelta(days=5))),
        move(S.under_review, "propose", S.proposed, "operator", "both parts make all that is held"),
        move(
            S.under_review,
            "propose_by_rule",
            S.proposed,
            "system",
            "nobody proposed anything for 30 days",
            timer=Timer(after=timedelta(days=30)),
        ),
        move(S.proposed, "agree", S.proposed, "buyer|seller", "the proposal that stands; not twice"),
        move(S.proposed, "accept_both", S.decided_split, "system", "both agreed to the same proposal"),
        move(S.proposed, "reject", S.under_review, "buyer|seller", "says why"),
        move(S.proposed, "no_agreement", S.under_review, "system", timer=Timer(after=timedelta(days=7))),
        *(
            move(source, event, target, "operator", "statement of reasons; above the limit another than the proposer")
            for source in (S.under_review, S.proposed)
            for event, target in (
                ("decide_refund", S.decided_refund),
                ("decide_release", S.decided_release),
                ("decide_split", S.decided_split),
            )
        ),
        *(move(one, "order_closed", S.closed_by_order, "system", "the order ended without a decision") for one in LIVE),
    ),
)


class Dispute(Lifecycle, Base):
    """Sums are minor units of the order's currency; `..._minor` of proposal and decision is the buyer's part of what
    is held, the rest is the seller's; `proposed_of_minor` is all that was held when it was proposed.

    `opened_by` is buyer, seller, operator or system, `opened_from` the state the order was in. `two_people` is fixed
    when it is opened: what is held was above the dated limit, so the decider is another person than the proposer.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        sa.Index(
            "uq_dispute_live",
            "order_id",
            unique=True,
            postgresql_where=sa.text("state IN ('open', 'under_review', 'awaiting_info', 'proposed')"),
        ),
        sa.Index("ix_dispute_order_id", "order_id"),
        sa.CheckConstraint("proposed_minor >= 0 AND decided_minor >= 0", name="sums_are_not_negative"),
        sa.CheckConstraint(
            "decided_by_user_id IS NULL OR NOT two_people "
            "OR (proposed_by_user_id IS NOT NULL AND proposed_by_user_id <> decided_by_user_id)",
            name="decided_by_another",
        ),
    )
    machine = DISPUTE

    id: Mapped[UuidPk]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_order.id"))
    opened_by: Mapped[Short]
    opened_from: Mapped[Short]
    code: Mapped[Short]
    two_people: Mapped[bool] = mapped_column(sa.Boolean)
    asked_party: Mapped[str | None] = mapped_column(sa.String(20))
    proposals: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    proposed_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    proposed_of_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    proposed_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    buyer_agreed: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    seller_agreed: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    decided_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    decided_fee: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    decided_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    reasons: Mapped[Prose] = mapped_column(default="", server_default="")
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    order: Mapped[Order] = relationship(Order)
    statements: Mapped[list[DisputeStatement]] = relationship(DisputeStatement, order_by=DisputeStatement.id)

    @property
    def live(self) -> bool:
        """Nobody has decided it, and its opener has not withdrawn it."""
        return self.state in LIVE
