"""What somebody wants to know of a listing before they buy, and what its provider answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.listing import Listing
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.people.organisation import Organisation
from models.types import Created, Prose, UserId, UuidPk

ANSWER_WITHIN = timedelta(days=30)
"""After that nobody waits for an answer any more."""


class QuestionState(Enum):
    """`published` and `reported` are read by everybody on the listing's page, without the asker's name."""

    asked = "Waits for an answer"
    answered = "Answered"
    published = "Shown on the listing"
    reported = "Reported"
    closed = "Not answered"
    hidden = "Hidden"


S = QuestionState
SHOWN = (S.published, S.reported)
QUESTION = Machine(
    name="question",
    states=S,
    initial=S.asked,
    terminal=frozenset({S.answered, S.published, S.closed, S.hidden}),
    reopen=frozenset({S.answered, S.published}),
    owned=((S.reported, "reported questions"),),
    moves=(
        move(S.asked, "answer", S.answered, "seller", "with words"),
        move(S.asked, "lapse", S.closed, "system", timer=Timer(after=ANSWER_WITHIN)),
        move(S.answered, "publish", S.published, "seller", "the asker agreed"),
        move(S.published, "take_down", S.answered, "seller"),
        *(
            move(one, "report", S.reported, "buyer|seller", "with a reason; once for each organisation")
            for one in (S.published, S.reported)
        ),
        move(S.reported, "dismiss", S.published, "operator", "says why"),
        *(
            move(one, "hide", S.hidden, "operator", "says why")
            for one in (S.asked, S.answered, S.published, S.reported)
        ),
    ),
)


class Question(Lifecycle, Base):
    """`may_be_shown` is the asker's yes to showing it, without their name. The words of the question never change (the
    database grants no update of them); the answer may, until `read_at`, when the asker first had it on their page."""

    __tablename__ = "question"
    __personal__ = frozenset({"text", "answer"})
    __table_args__ = (
        sa.CheckConstraint("length(btrim(text)) BETWEEN 10 AND 1000", name="text_says_something"),
        sa.CheckConstraint("answer IS NULL OR length(btrim(answer)) BETWEEN 1 AND 2000", name="answer_says_something"),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by_id IS NULL)",
            name="answer_is_whole",
        ),
        sa.CheckConstraint("state IN ('asked', 'closed', 'hidden') OR answer IS NOT NULL", name="answered_has_words"),
        sa.CheckConstraint("state NOT IN ('published', 'reported') OR may_be_shown", name="shown_was_agreed_to"),
        sa.CheckConstraint("asker_organisation_id <> seller_organisation_id", name="nobody_asks_themselves"),
        sa.Index("ix_question_listing_id", "listing_id", "answered_at"),
        sa.Index("ix_question_asker_organisation_id", "asker_organisation_id", "id"),
        sa.Index("ix_question_asker_user_id", "asker_user_id", "created_at"),
        sa.Index("ix_question_seller_organisation_id", "seller_organisation_id", "id"),
    )
    machine = QUESTION

    id: Mapped[UuidPk]
    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id"))
    asker_user_id: Mapped[UserId]
    asker_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    seller_organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    text: Mapped[Prose]
    may_be_shown: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    answer: Mapped[str | None] = mapped_column(sa.Text)
    answered_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    read_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    listing: Mapped[Listing] = relationship(Listing)
    asker_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[asker_organisation_id])
    seller_organisation: Mapped[Organisation] = relationship(Organisation, foreign_keys=[seller_organisation_id])

    @property
    def shown(self) -> bool:
        """Everybody may read it, while its listing is on sale."""
        return self.state in SHOWN
