"""A contract between two organisations: paid, accepted, done, and settled, or ended on the way."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.cancellation_policy import CancellationPolicy
from models.commerce.checkout import Checkout
from models.commerce.order_line import OrderLine
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.people.organisation import Organisation
from models.types import Created, Currency, Instant, Minor, Prose, Short, UuidPk

MOST_CHANGE_ROUNDS = 3


class OrderState(Enum):
    """`completed`, `cancelled`, `declined` and `expired` leave nothing in the hold."""

    pending_acceptance = "Awaiting acceptance"
    accepted = "Accepted"
    in_progress = "In progress"
    delivered = "Delivered"
    disputed = "Disputed"
    completed = "Completed"
    cancelled = "Cancelled"
    declined = "Declined"
    expired = "Expired"


S = OrderState
DECIDE_AFTER = Timer(after=timedelta(days=75), since="captured_at")
"""Before the provider's limit for held money (90 days) somebody must have decided."""
ORDER = Machine(
    name="order",
    states=S,
    initial=S.pending_acceptance,
    terminal=frozenset({S.completed, S.cancelled, S.declined, S.expired}),
    moves=(
        move(S.pending_acceptance, "accept", S.accepted, "seller", "seller active; before the clock runs out"),
        move(S.pending_acceptance, "decline", S.declined, "seller", "reason; everything goes back, fee included"),
        move(S.pending_acceptance, "cancel", S.cancelled, "buyer|operator", "everything goes back, fee included"),
        move(S.pending_acceptance, "lapse", S.expired, "system", "everything goes back", timer=Timer(at="accept_by")),
        move(S.accepted, "start", S.in_progress, "seller", "inside the 14 days only with express consent"),
        move(S.accepted, "cancel", S.cancelled, "buyer|seller|operator", "refund by the published policy"),
        move(S.accepted, "open_dispute", S.disputed, "buyer|seller|operator", "the visit should have begun"),
        move(S.accepted, "hold_limit", S.cancelled, "system", "everything goes back", timer=DECIDE_AFTER),
        move(S.in_progress, "deliver", S.delivered, "seller", "at least one piece of evidence"),
        move(S.in_progress, "cancel", S.cancelled, "buyer|operator", "split by what was delivered"),
        move(S.in_progress, "open_dispute", S.disputed, "buyer|seller|operator", "no open dispute"),
        move(S.in_progress, "hold_limit", S.disputed, "system", "forces a decision", timer=DECIDE_AFTER),
        move(S.delivered, "accept_delivery", S.completed, "buyer", "released in the same transaction"),
        move(S.delivered, "request_changes", S.in_progress, "buyer", "fewer than three rounds"),
        move(S.delivered, "open_dispute", S.disputed, "buyer|operator", "within 14 days of delivery"),
        move(S.delivered, "lapse", S.completed, "system", "no dispute", timer=Timer(after=timedelta(days=14))),
        move(S.disputed, "resolve_complete", S.completed, "operator|system", "decided, or both parties agreed"),
        move(S.disputed, "resolve_cancel", S.cancelled, "operator|system", "decided, or both parties agreed"),
        move(S.disputed, "lapse", S.cancelled, "system", "no decision", timer=Timer(after=timedelta(days=60))),
        # The hold's own limit (89 days after capture) ends whatever order still stands on it.
        *(
            move(state, "hold_ran_out", S.cancelled, "system", "the hold reached its age limit; refunded")
            for state in (S.accepted, S.in_progress, S.delivered, S.disputed)
        ),
        # 85 days after capture, when the buyer's fourteen days to object would end after the hold's own limit.
        move(S.delivered, "hold_alarm", S.disputed, "system", "forces a decision before day 89"),
        # The buyer's bank took back all that was held.
        *(
            move(state, "charged_back", S.cancelled, "system", "the chargeback was lost")
            for state in (S.pending_acceptance, S.accepted, S.in_progress, S.delivered, S.disputed)
        ),
        *(
            move(S.disputed, f"withdrawn_to_{state.name}", state, who, f"opened while {state.value.lower()}")
            for state, who in (
                (S.delivered, "buyer|operator"),
                (S.in_progress, "buyer|seller|operator"),
                (S.accepted, "buyer|seller|operator"),
            )
        ),
    ),
)


class Order(Lifecycle, Base):
    """Sums are minor units of `currency`; moments are UTC. `reference` is what people say on the phone.
    `cancellation_policy` is the ladder the listing had when it was paid; None means that all goes back until the work
    begins.

    `accept_by` is the seller's clock: six days from payment, a day before the visit, or its end, whichever is first.
    """

    __tablename__ = "sales_order"
    __personal__ = frozenset({"site_address", "site_postcode", "access_notes"})
    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("checkout_id"),
        sa.CheckConstraint("total_minor = gross_minor + fee_net_minor + fee_vat_minor", name="total_adds_up"),
        sa.CheckConstraint("buyer_organisation_id <> seller_organisation_id", name="two_parties"),
        sa.CheckConstraint("change_rounds BETWEEN 0 AND 3", name="change_rounds_are_few"),
        sa.Index("ix_sales_order_buyer_organisation_id", "buyer_organisation_id", "created_at"),
        sa.Index("ix_sales_order_seller_organisation_id", "seller_organisation_id", "created_at"),
    )
    machine = ORDER

    id: Mapped[UuidPk]
    reference: Mapped[str] = mapped_column(sa.String(16))
    checkout_id: Mapped[UUID] = mapped_column(sa.ForeignKey("checkout.id"))
    buyer_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    seller_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    currency: Mapped[Currency]
    gross_minor: Mapped[Minor]
    fee_net_minor: Mapped[Minor]
    fee_vat_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    visit_start: Mapped[Instant]
    visit_end: Mapped[Instant]
    visit_zone: Mapped[Short]
    site_address: Mapped[Prose]
    site_postcode: Mapped[str] = mapped_column(sa.String(12))
    access_notes: Mapped[Prose]
    captured_at: Mapped[Instant]
    accept_by: Mapped[Instant]
    accepted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    delivered_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    cancellation_policy_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("cancellation_policy.id"))
    change_rounds: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    created_at: Mapped[Created]

    checkout: Mapped[Checkout] = relationship(Checkout)
    buyer_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[buyer_organisation_id])
    seller_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[seller_organisation_id])
    cancellation_policy: Mapped[CancellationPolicy | None] = relationship(CancellationPolicy)
    lines: Mapped[list[OrderLine]] = relationship(OrderLine, order_by=OrderLine.position)

    def __str__(self) -> str:
        return self.reference
