"""What one party of a completed order says about the other: stars and words, blind until both have written."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.listing import Listing
from models.commerce.order import Order
from models.commerce.review_reply import ReviewReply
from models.commerce.review_report import ReviewReport
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.people.organisation import Organisation
from models.types import Created, Instant, Prose, Short, UserId, UuidPk

WRITE_WITHIN = timedelta(days=60)
BLIND_FOR = timedelta(days=14)
"""Both count from the completion of the order."""


class ReviewState(Enum):
    """`waiting` is read by its author alone; `published` and `reported` by everybody; `hidden` by author and staff."""

    waiting = "Not published yet"
    published = "Published"
    reported = "Reported"
    hidden = "Hidden"


S = ReviewState
SHOWN = (S.published, S.reported)
REVIEW = Machine(
    name="order_review",
    states=S,
    initial=S.waiting,
    terminal=frozenset({S.published, S.hidden}),
    reopen=frozenset({S.published, S.hidden}),
    owned=((S.reported, "reported reviews"),),
    moves=(
        move(S.waiting, "publish", S.published, "system", "both wrote, or 14 days", timer=Timer(at="publish_at")),
        *(
            move(one, "report", S.reported, "buyer|seller", "with a reason; once for each organisation")
            for one in (S.published, S.reported)
        ),
        move(S.reported, "dismiss", S.published, "operator", "says why"),
        *(move(one, "hide", S.hidden, "operator", "says why") for one in (S.published, S.reported)),
        move(S.hidden, "restore", S.published, "operator", "says why"),
    ),
)


class Review(Lifecycle, Base):
    """`author` is buyer or seller; a buyer's review is about the seller and the listing, a seller's about the buyer.

    Stars and words may change while it waits; a published one is never altered (a trigger refuses it), only hidden.
    """

    __tablename__ = "review"
    __personal__ = frozenset({"text"})
    __table_args__ = (
        sa.UniqueConstraint("order_id", "author"),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars_are_one_to_five"),
        sa.CheckConstraint("author IN ('buyer', 'seller')", name="author_is_a_party"),
        sa.CheckConstraint("length(btrim(text)) BETWEEN 10 AND 4000", name="text_says_something"),
        sa.CheckConstraint("author_organisation_id <> subject_organisation_id", name="nobody_reviews_themselves"),
        sa.CheckConstraint("state = 'waiting' OR published_at IS NOT NULL", name="published_has_its_moment"),
        sa.Index("ix_review_subject_organisation_id", "subject_organisation_id", "author", "published_at"),
        sa.Index("ix_review_listing_id", "listing_id", "published_at"),
    )
    machine = REVIEW

    id: Mapped[UuidPk]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_order.id"))
    author: Mapped[Short]
    author_user_id: Mapped[UserId]
    author_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    subject_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    listing_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("listing.id"))
    stars: Mapped[int] = mapped_column(sa.SmallInteger)
    text: Mapped[Prose]
    publish_at: Mapped[Instant]
    published_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    order: Mapped[Order] = relationship(Order)
    listing: Mapped[Listing | None] = relationship(Listing)
    author_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[author_organisation_id])
    subject_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[subject_organisation_id])
    reply: Mapped[ReviewReply | None] = relationship(ReviewReply, uselist=False)
    reports: Mapped[list[ReviewReport]] = relationship(ReviewReport, order_by=ReviewReport.id)

    @property
    def shown(self) -> bool:
        """Everybody may read it."""
        return self.state in SHOWN
