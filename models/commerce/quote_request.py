"""A job that a customer describes and a provider names a price for, until it is a checkout or over."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.listing import Listing
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_request_file import QuoteRequestFile
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.people.organisation import Organisation
from models.types import Created, Prose, Short, UserId, UuidPk

ANSWER_WITHIN = timedelta(days=7)


class QuoteState(Enum):
    """`declined` is the provider's no, `refused` the customer's, `withdrawn` the customer's before there was an
    offer. `accepted` has a checkout; when that ends unpaid, the offer stands again."""

    requested = "Waits for an offer"
    offered = "Offered"
    accepted = "Accepted"
    declined = "Declined"
    withdrawn = "Taken back"
    refused = "Refused"
    expired = "Expired"


S = QuoteState
QUOTE = Machine(
    name="quote",
    states=S,
    initial=S.requested,
    terminal=frozenset({S.accepted, S.declined, S.withdrawn, S.refused, S.expired}),
    reopen=frozenset({S.accepted}),
    moves=(
        move(S.requested, "offer", S.offered, "seller", "lines, a visit and an end that can be sold"),
        move(S.requested, "decline", S.declined, "seller", "with a reason"),
        move(S.requested, "withdraw", S.withdrawn, "buyer"),
        move(S.requested, "lapse", S.expired, "system", timer=Timer(after=ANSWER_WITHIN)),
        move(S.offered, "revise", S.offered, "seller", "as an offer"),
        move(S.offered, "decline", S.declined, "seller", "with a reason"),
        move(S.offered, "accept", S.accepted, "buyer", "the offer that was seen, while it is valid; a checkout begins"),
        move(S.offered, "refuse", S.refused, "buyer"),
        move(S.offered, "lapse", S.expired, "system", timer=Timer(at="valid_until")),
        move(S.accepted, "reopen", S.offered, "system", "its checkout ended unpaid"),
    ),
)


class QuoteRequest(Lifecycle, Base):
    """`valid_until` repeats the last offer's (UTC), for the timer. The words and the place of the job never change (the
    database grants no update of them): an offer is for what was described."""

    __tablename__ = "quote_request"
    __personal__ = frozenset({"text", "site_address", "site_postcode", "wished"})
    __table_args__ = (
        sa.CheckConstraint("length(btrim(text)) BETWEEN 20 AND 4000", name="text_says_something"),
        sa.CheckConstraint("state NOT IN ('offered', 'accepted') OR valid_until IS NOT NULL", name="offer_has_an_end"),
        sa.CheckConstraint("buyer_organisation_id <> seller_organisation_id", name="nobody_asks_themselves"),
        sa.Index("ix_quote_request_buyer_organisation_id", "buyer_organisation_id", "id"),
        sa.Index("ix_quote_request_buyer_user_id", "buyer_user_id", "created_at"),
        sa.Index("ix_quote_request_seller_organisation_id", "seller_organisation_id", "id"),
        sa.Index("ix_quote_request_listing_id", "listing_id"),
    )
    machine = QUOTE

    id: Mapped[UuidPk]
    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id"))
    buyer_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    buyer_user_id: Mapped[UserId]
    seller_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    text: Mapped[Prose]
    site_address: Mapped[Prose]
    site_postcode: Mapped[str] = mapped_column(sa.String(12))
    wished_from: Mapped[date | None]
    wished: Mapped[Short] = mapped_column(default="", server_default="")
    valid_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    listing: Mapped[Listing] = relationship(Listing)
    buyer_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[buyer_organisation_id])
    seller_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[seller_organisation_id])
    offers: Mapped[list[QuoteOffer]] = relationship(QuoteOffer, order_by=QuoteOffer.number)
    files: Mapped[list[QuoteRequestFile]] = relationship(QuoteRequestFile, order_by=QuoteRequestFile.id)

    @property
    def offer(self) -> QuoteOffer | None:
        """The offer that counts: the last one."""
        return self.offers[-1] if self.offers else None
