"""What must happen after a commit: a row in the same transaction; the queue only learns of it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Created, Instant, Json, Prose, Short

MAX_ATTEMPTS = 8
"""After this many failures a message is a dead letter: it waits for a person."""


class OutboxMessage(Base):
    """`key` is unique, and kept for thirty days after the message was done: sending the same thing twice is sending it
    once. All moments are UTC."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.Index(
            "ix_outbox_message_not_before",
            "not_before",
            "id",
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        ),
        sa.Index("ix_outbox_message_dead_at", "dead_at", postgresql_where=sa.text("dead_at IS NOT NULL")),
    )

    id: Mapped[BigPk]
    job: Mapped[Short]
    queue: Mapped[Short]
    key: Mapped[str] = mapped_column(sa.String(200))
    payload: Mapped[Json]
    request_id: Mapped[Short]
    traceparent: Mapped[Short]
    created_at: Mapped[Created]
    not_before: Mapped[Instant]
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    done_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    dead_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    sends: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    failures: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    last_error: Mapped[Prose] = mapped_column(default="", server_default="")
