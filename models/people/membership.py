"""Who may act for an organisation."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people.organisation import Organisation
from models.types import Created, UserId, UuidPk


class MembershipRole(Enum):
    """An `owner` may do everything for the organisation, a `member` its daily work."""

    owner = "Owner"
    member = "Member"


class Membership(Base):
    """One person in one organisation, once."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "organisation_id"),
        sa.Index("ix_membership_organisation_id", "organisation_id"),
    )

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    role: Mapped[MembershipRole] = mapped_column(
        sa.Enum(MembershipRole, name="membership_role", native_enum=False, create_constraint=True, length=20)
    )
    created_at: Mapped[Created]

    user: Mapped[User] = relationship(User)
    organisation: Mapped[Organisation] = relationship(Organisation)

    def __str__(self) -> str:
        return f"{self.role.value} of {self.organisation}"
