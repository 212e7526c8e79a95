"""What a provider offers for a job: lines, a visit, and until when. A changed offer is a new one, numbered on."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.quote_offer_line import QuoteOfferLine
from models.types import Created, Currency, Instant, Prose, Short, UserId, UuidPk


class QuoteOffer(Base):
    """The visit is half-open, UTC, with the zone in which people read it. Never altered: a customer accepts the number
    that was before them."""

    __tablename__ = "quote_offer"
    __personal__ = frozenset({"note"})
    __table_args__ = (
        sa.UniqueConstraint("quote_id", "number"),
        sa.CheckConstraint("number > 0", name="number_counts_from_one"),
        sa.CheckConstraint("visit_end > visit_start", name="visit_goes_forward"),
        sa.CheckConstraint("valid_until <= visit_start", name="it_ends_before_the_visit"),
        sa.CheckConstraint("length(note) <= 2000", name="note_has_an_end"),
    )

    id: Mapped[UuidPk]
    quote_id: Mapped[UUID] = mapped_column(sa.ForeignKey("quote_request.id"))
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    user_id: Mapped[UserId]
    currency: Mapped[Currency]
    visit_start: Mapped[Instant]
    visit_end: Mapped[Instant]
    visit_zone: Mapped[Short]
    valid_until: Mapped[Instant]
    note: Mapped[Prose] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]

    lines: Mapped[list[QuoteOfferLine]] = relationship(QuoteOfferLine, order_by=QuoteOfferLine.position)
