"""A program's way in: a secret that was shown once, known here by its hash, and worth nothing after its time."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Digest, Instant, Short, UserId, UuidPk


class AccessToken(Base):
    """`stamp` is the account's at sign-in: with the password or the account it changes, and the token ends."""

    __tablename__ = "access_token"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_whole"),
        sa.CheckConstraint("expires_at > created_at", name="ends_after_it_begins"),
        sa.Index("ix_access_token_user_id", "user_id"),
        sa.Index("ix_access_token_expires_at", "expires_at"),
    )

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    token_hash: Mapped[Digest]
    stamp: Mapped[str] = mapped_column(sa.String(64))
    label: Mapped[Short] = mapped_column(default="", server_default="")
    expires_at: Mapped[Instant]
    revoked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]
