"""A party: every order is between organisations, and a person has a personal one."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Prose, Short, UuidPk


class OrganisationKind(Enum):
    """What an organisation mostly does here; buyer and seller are roles in one order."""

    customer = "Customer"
    provider = "Provider"


class Organisation(Base):
    """`personal` ones belong to exactly one person. `slug` is the public address of a provider's page."""

    __tablename__ = "organisation"
    __personal__ = frozenset({"name", "legal_name", "address", "phone", "email"})
    __table_args__ = (
        sa.UniqueConstraint("slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_readable"),
    )

    id: Mapped[UuidPk]
    kind: Mapped[OrganisationKind] = mapped_column(
        sa.Enum(OrganisationKind, name="organisation_kind", native_enum=False, create_constraint=True, length=20)
    )
    personal: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    name: Mapped[Short]
    slug: Mapped[Short]
    legal_name: Mapped[Short] = mapped_column(default="", server_default="")
    company_number: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    vat_number: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    address: Mapped[Prose] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    email: Mapped[str] = mapped_column(sa.String(320), default="", server_default="")
    created_at: Mapped[Created]

    def __str__(self) -> str:
        return self.name
