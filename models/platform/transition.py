"""History of every state machine: one row per move, written with it and never altered."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Instant, Json, Prose, Short


class Transition(Base):
    """`machine` and `subject_id` name the row that moved; `detail` holds the arguments of the move."""

    __tablename__ = "transition"
    __table_args__ = (sa.Index("ix_transition_subject_id", "subject_id", "id"),)

    id: Mapped[BigPk]
    machine: Mapped[Short]
    subject_id: Mapped[UUID] = mapped_column(sa.Uuid)
    event: Mapped[Short]
    from_state: Mapped[Short]
    to_state: Mapped[Short]
    actor_kind: Mapped[Short]
    actor_user_id: Mapped[int | None] = mapped_column(sa.Integer)  # no foreign key: history outlives accounts
    actor_organisation_id: Mapped[UUID | None] = mapped_column(sa.Uuid)
    actor_name: Mapped[Short]
    request_id: Mapped[Short]
    reason: Mapped[Prose]
    detail: Mapped[Json]
    at: Mapped[Instant]
