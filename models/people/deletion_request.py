"""Somebody asks for the end of their account: 14 days to think again, an answer within a month (GDPR art. 12(3))."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Mapped, relationship

from models.base import Base
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.types import Created, Instant, UserId, UuidPk


class DeletionState(Enum):
    """Only a `waiting` one can still be taken back."""

    waiting = "Waiting"
    withdrawn = "Taken back"
    refused = "Refused"
    completed = "Deleted"


S = DeletionState
DELETION = Machine(
    name="deletion_request",
    states=S,
    initial=S.waiting,
    terminal=frozenset({S.withdrawn, S.refused, S.completed}),
    moves=(
        move(S.waiting, "withdraw", S.withdrawn, "buyer"),
        move(S.waiting, "refuse", S.refused, "operator", "with reasons; never one's own"),
        move(
            S.waiting, "carry_out", S.completed, "operator|system",
            "after the days to think; nothing stands in the way; never one's own", timer=Timer(at="due_at"),
        ),
    ),
)  # fmt: skip


class DeletionRequest(Lifecycle, Base):
    """`created_at` is when it was asked, `due_at` the first moment at which it is carried out, `answer_by` the month
    within which its person has an answer; all on the verbs' clock, UTC."""

    __tablename__ = "deletion_request"
    __table_args__ = (
        sa.CheckConstraint("due_at > created_at AND answer_by > created_at", name="has_its_days"),
        sa.Index("uq_deletion_request_waiting", "user_id", unique=True, postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("ix_deletion_request_user_id", "user_id"),
        sa.Index("ix_deletion_request_answer_by", "state", "answer_by"),
    )
    machine = DELETION

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    due_at: Mapped[Instant]
    answer_by: Mapped[Instant]
    created_at: Mapped[Created]

    user: Mapped[User] = relationship(User)
