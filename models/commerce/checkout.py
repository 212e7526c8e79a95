"""A buyer on the way to an order: what they chose, what it costs, what they were told, until it is paid or over."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.cancellation_policy import CancellationPolicy
from models.commerce.checkout_line import CheckoutLine
from models.commerce.quote_offer import QuoteOffer
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.people.organisation import Organisation
from models.types import Created, Currency, Digest, Minor, Prose, Short, UserId, UuidPk

MOST_ATTEMPTS = 5
PAYMENT_WINDOW = timedelta(minutes=15)
LONGEST_DRAFT = timedelta(days=7)


class CheckoutState(Enum):
    """Money that arrives after the end is sent back (`refunded_late`)."""

    draft = "Draft"
    awaiting_payment = "Awaiting payment"
    paid = "Paid"
    expired = "Expired"
    abandoned = "Abandoned"
    refunded_late = "Refunded late"


S = CheckoutState
CHECKOUT = Machine(
    name="checkout",
    states=S,
    initial=S.draft,
    terminal=frozenset({S.paid, S.expired, S.abandoned, S.refunded_late}),
    reopen=frozenset({S.expired, S.abandoned}),
    moves=(
        move(S.draft, "submit", S.awaiting_payment, "buyer", "price unchanged, visit offered, seller active, consents"),
        move(S.draft, "lapse", S.abandoned, "system", timer=Timer(at="draft_until")),
        move(S.draft, "give_back", S.abandoned, "buyer"),
        move(S.awaiting_payment, "payment_captured", S.paid, "psp", "captured equals the total"),
        move(S.awaiting_payment, "payment_failed", S.awaiting_payment, "psp", "fewer than five attempts"),
        move(S.awaiting_payment, "lapse", S.expired, "system", timer=Timer(after=PAYMENT_WINDOW)),
        move(S.awaiting_payment, "cancel", S.abandoned, "buyer|psp"),
        move(S.awaiting_payment, "attempts_exhausted", S.abandoned, "system", "five attempts"),
        move(S.expired, "late_capture", S.refunded_late, "psp", "the whole sum goes back"),
        move(S.abandoned, "late_capture", S.refunded_late, "psp", "the whole sum goes back"),
    ),
)


class Checkout(Lifecycle, Base):
    """Sums are minor units of `currency`; `total_minor` is what the buyer pays, all mandatory fees included.

    `quote_fingerprint` is the SHA-256 of what was shown; a buyer pays that price or is asked again. The visit is
    half-open, UTC, with the zone in which people read it. With `quote_offer_id` price and visit are that offer's.
    """

    __tablename__ = "checkout"
    __personal__ = frozenset({"site_address", "site_postcode", "access_notes"})
    __table_args__ = (
        sa.CheckConstraint("total_minor = gross_minor + fee_net_minor + fee_vat_minor", name="total_adds_up"),
        sa.CheckConstraint("total_minor > 0", name="total_is_positive"),
        sa.CheckConstraint("(visit_start IS NULL) = (visit_end IS NULL)", name="visit_is_whole"),
        sa.CheckConstraint("visit_end > visit_start", name="visit_goes_forward"),
        sa.Index("ix_checkout_buyer_organisation_id", "buyer_organisation_id"),
        sa.Index(
            "uq_checkout_quote_offer_id",
            "quote_offer_id",
            unique=True,
            postgresql_where=sa.text("state IN ('draft', 'awaiting_payment', 'paid')"),
        ),
    )
    machine = CHECKOUT

    id: Mapped[UuidPk]
    buyer_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    buyer_user_id: Mapped[UserId]
    seller_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    currency: Mapped[Currency]
    gross_minor: Mapped[Minor]
    fee_net_minor: Mapped[Minor]
    fee_vat_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    quote_fingerprint: Mapped[Digest]
    visit_start: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    visit_end: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    visit_zone: Mapped[Short] = mapped_column(default="", server_default="")
    site_address: Mapped[Prose] = mapped_column(default="", server_default="")
    site_postcode: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")
    access_notes: Mapped[Prose] = mapped_column(default="", server_default="")
    express_start_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    express_start_text: Mapped[Short] = mapped_column(default="", server_default="")
    cancellation_shown_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    cancellation_text: Mapped[Short] = mapped_column(default="", server_default="")
    cancellation_policy_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("cancellation_policy.id"))
    quote_offer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("quote_offer.id"))
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    created_at: Mapped[Created]

    buyer_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[buyer_organisation_id])
    seller_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[seller_organisation_id])
    buyer_user: Mapped[User] = relationship(User)
    cancellation_policy: Mapped[CancellationPolicy | None] = relationship(CancellationPolicy)
    lines: Mapped[list[CheckoutLine]] = relationship(
        CheckoutLine, order_by=CheckoutLine.position, cascade="all, delete-orphan"
    )
    quote_offer: Mapped[QuoteOffer | None] = relationship(QuoteOffer)

    @property
    def draft_until(self) -> datetime:
        """When a draft ends by itself (UTC): after a week, and with the offer that it is from, which nobody can order
        any more."""
        week = self.state_entered_at + LONGEST_DRAFT
        return min(week, self.quote_offer.valid_until) if self.quote_offer else week
