"""One line of news for one person."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Instant, Prose, Short, UserId, UuidPk


class Notification(Base):
    """`key` is unique for a person: the same thing is told once. `shown` says whether it stands in their list,
    `digest` that its mail waits for the next digest, `mailed_at` when a mail of it was written. `told_at` is the
    moment of the verbs' clock, all others are real; UTC."""

    __tablename__ = "notification"
    __personal__ = frozenset({"line", "text"})
    __table_args__ = (
        sa.UniqueConstraint("user_id", "key"),
        sa.Index("ix_notification_user_id", "user_id", "id", postgresql_where=sa.text("shown")),
        sa.Index("ix_notification_unread", "user_id", postgresql_where=sa.text("shown AND read_at IS NULL")),
        sa.Index("ix_notification_digest", "user_id", postgresql_where=sa.text("digest AND mailed_at IS NULL")),
    )

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    event: Mapped[Short]
    key: Mapped[str] = mapped_column(sa.String(160))
    line: Mapped[str] = mapped_column(sa.String(250))
    text: Mapped[Prose]
    link: Mapped[str] = mapped_column(sa.String(400))
    shown: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    digest: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    told_at: Mapped[Instant]
    created_at: Mapped[Created]
    read_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    mailed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
