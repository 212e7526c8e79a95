"""An invitation to act for an organisation: a link in a mail, for one address, for seven days."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people.membership import MembershipRole
from models.people.organisation import Organisation
from models.types import Created, Digest, Instant, UserId, UuidPk

LIVES_FOR = timedelta(days=7)


class Invitation(Base):
    """Open until it was accepted or revoked, or its time is over. One open at a time for an address."""

    __tablename__ = "invitation"
    __personal__ = frozenset({"email"})
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_whole"),
        sa.CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="accepted_or_revoked"),
        sa.CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        sa.Index(
            "uq_invitation_open",
            "organisation_id",
            "email",
            unique=True,
            postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[UuidPk]
    organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    email: Mapped[str] = mapped_column(sa.String(320))
    role: Mapped[MembershipRole] = mapped_column(
        sa.Enum(MembershipRole, name="invitation_role", native_enum=False, create_constraint=True, length=20)
    )
    token_hash: Mapped[Digest]
    invited_by_id: Mapped[UserId]
    expires_at: Mapped[Instant]
    accepted_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    organisation: Mapped[Organisation] = relationship(Organisation)
