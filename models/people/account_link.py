"""A link in a mail that does one thing once: known here by its hash, and worth nothing after its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Digest, Instant, UserId, UuidPk


class AccountLinkPurpose(Enum):
    """What pressing the button behind it does."""

    confirm = "Confirm an e-mail address"
    password = "Choose a new password"  # noqa: S105  a word for people
    email = "Take a new e-mail address"
    undo_email = "Take an old e-mail address back"


P = AccountLinkPurpose
LIVES_FOR = {
    P.confirm: timedelta(hours=24),
    P.password: timedelta(hours=1),
    P.email: timedelta(hours=24),
    P.undo_email: timedelta(days=7),
}


class AccountLink(Base):
    """`email` is the address it was sent for: to confirm, to take, or to take back."""

    __tablename__ = "account_link"
    __personal__ = frozenset({"email"})
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_whole"),
        sa.CheckConstraint("expires_at > created_at", name="ends_after_it_begins"),
        sa.Index("ix_account_link_user_id", "user_id", "purpose"),
        sa.Index("ix_account_link_expires_at", "expires_at"),
    )

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    purpose: Mapped[AccountLinkPurpose] = mapped_column(
        sa.Enum(AccountLinkPurpose, name="account_link_purpose", native_enum=False, create_constraint=True, length=20)
    )
    email: Mapped[str] = mapped_column(sa.String(320))
    token_hash: Mapped[Digest]
    expires_at: Mapped[Instant]
    used_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]
