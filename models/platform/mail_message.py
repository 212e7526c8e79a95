"""A mail as it was written, and what became of it. The words are kept, so that staff can see what somebody was told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Prose, Short, UuidPk


class MailMessage(Base):
    """Queued until `sent_at` or `failed_at` is set, never both. `key` is unique: the same thing is told once. A copy
    that staff sent names the mail it repeats. All moments are UTC."""

    __tablename__ = "mail_message"
    __personal__ = frozenset({"to_address", "subject", "text", "html", "unsubscribe_url", "last_error"})
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name="sent_or_failed"),
        sa.CheckConstraint("position(chr(10) in subject) = 0 AND subject <> ''", name="subject_is_one_line"),
        sa.CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        sa.Index("ix_mail_message_created_at", "created_at"),
        sa.Index("ix_mail_message_user_id", "user_id"),
        sa.Index("ix_mail_message_resend_of_id", "resend_of_id"),
        sa.Index(
            "ix_mail_message_queued", "created_at", postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL")
        ),
        sa.Index("ix_mail_message_failed_at", "failed_at", postgresql_where=sa.text("failed_at IS NOT NULL")),
    )

    id: Mapped[UuidPk]
    key: Mapped[str] = mapped_column(sa.String(200))
    template: Mapped[Short]
    to_address: Mapped[str] = mapped_column(sa.String(320))
    user_id: Mapped[int | None] = mapped_column(sa.Integer, sa.ForeignKey("ab_user.id"))
    """Whom it was written to, when they have an account."""
    subject: Mapped[str] = mapped_column(sa.String(250))
    text: Mapped[Prose]
    html: Mapped[Prose]
    unsubscribe_url: Mapped[Prose] = mapped_column(default="", server_default="")
    """Where one click ends mails of this kind; empty for mails that cannot be switched off."""
    resend_of_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("mail_message.id"))
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    last_error: Mapped[Prose] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    failed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    @property
    def over(self) -> bool:
        """Nothing more will be tried by itself."""
        return self.sent_at is not None or self.failed_at is not None

    def __str__(self) -> str:
        return self.subject
