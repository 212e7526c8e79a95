"""A session: one browser in which somebody is signed in, until it ends. The cookie is only the key to this row."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Digest, Instant, Short, UserId, UuidPk


class SignInEnd(Enum):
    """Why a session counts no more; one that was simply not used for hours has none of these."""

    signed_out = "Signed out"
    revoked = "Ended by its person"
    staff = "Ended by staff"
    password = "The password changed"  # noqa: S105  a reason
    account = "The account was suspended"


class SignIn(Base):
    """`stamp` is the account's at sign-in: with the password or the account it changes, and the session ends whatever
    else happens. `seen_at` is coarse. `acting_for_id` is the organisation its person chose to act for."""

    __tablename__ = "sign_in"
    __personal__ = frozenset({"browser", "address"})
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_whole"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="an_end_has_its_reason"),
        sa.Index("ix_sign_in_user_id", "user_id", "device_hash"),
        sa.Index("ix_sign_in_seen_at", "seen_at"),
    )

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    token_hash: Mapped[Digest]
    stamp: Mapped[str] = mapped_column(sa.String(64))
    device_hash: Mapped[Digest]
    browser: Mapped[Short]
    address: Mapped[str] = mapped_column(sa.String(45))
    acting_for_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    created_at: Mapped[Created]
    seen_at: Mapped[Instant]
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_by: Mapped[SignInEnd | None] = mapped_column(
        sa.Enum(SignInEnd, name="sign_in_end", native_enum=False, create_constraint=True, length=20)
    )
