"""A move that happens by itself, as a row: a late one whose state is gone does nothing."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Created, Instant, Prose, Short


class TimerState(Enum):
    """`waiting` until due, then `fired`, or `cancelled` when its subject left the state it watches."""

    waiting = "Waiting"
    fired = "Fired"
    cancelled = "Cancelled"


class TimerRow(Base):
    """`due_at` in UTC. `rearmed` counts how often its guard said no and it was set again."""

    __tablename__ = "timer"
    __table_args__ = (
        sa.Index("ix_timer_due_at", "due_at", postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("ix_timer_subject_id", "subject_id"),
        sa.Index(
            "uq_timer_waiting",
            "machine",
            "subject_id",
            "event",
            unique=True,
            postgresql_where=sa.text("state = 'waiting'"),
        ),
    )

    id: Mapped[BigPk]
    machine: Mapped[Short]
    subject_id: Mapped[UUID] = mapped_column(sa.Uuid)
    event: Mapped[Short]
    from_state: Mapped[Short]
    due_at: Mapped[Instant]
    state: Mapped[TimerState] = mapped_column(
        sa.Enum(TimerState, name="timer_state", native_enum=False, create_constraint=True, length=20),
        default=TimerState.waiting,
    )
    created_at: Mapped[Created]
    fired_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    rearmed: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    last_refusal: Mapped[Prose] = mapped_column(default="", server_default="")
