"""What somebody asks who has not shown who they are. It is answered by mail, by a job, so that the page they see says
and costs the same whoever they are; then the row is deleted."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, UserId, UuidPk


class AccountRequestKind(Enum):
    """What is asked for."""

    sign_up = "A new account"
    password = "A new password"  # noqa: S105  a word for people
    email = "Another e-mail address"


class AccountRequest(Base):
    """`password` is a hash, and empty but for a new account; `user_id` is set but for strangers."""

    __tablename__ = "account_request"
    __personal__ = frozenset({"email", "first_name", "last_name"})
    __table_args__ = (
        sa.CheckConstraint("(kind = 'sign_up') = (password <> '')", name="a_new_account_has_a_password"),
        sa.CheckConstraint("(kind = 'email') = (user_id IS NOT NULL)", name="an_address_is_changed_by_somebody"),
    )

    id: Mapped[UuidPk]
    kind: Mapped[AccountRequestKind] = mapped_column(
        sa.Enum(AccountRequestKind, name="account_request_kind", native_enum=False, create_constraint=True, length=20)
    )
    email: Mapped[str] = mapped_column(sa.String(320))
    first_name: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    last_name: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    password: Mapped[str] = mapped_column(sa.String(256), default="", server_default="")
    user_id: Mapped[UserId | None] = mapped_column(sa.Integer, sa.ForeignKey("ab_user.id"))
    created_at: Mapped[Created]
