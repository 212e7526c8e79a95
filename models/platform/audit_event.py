"""Who changed what, when and why: one sealed row per written row, added in the same transaction and never altered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Created, Digest, Json, Prose, Short

ASIDE = "[personal text, kept aside]"
"""Stands in `before` and `after` where the value lies in AuditPersonal."""
SECRET = "[secret, never kept]"  # noqa: S105  the words that stand for one
"""Stands in `before` and `after` where a password or a key changed."""


class AuditEvent(Base):
    """`op` is I, U or D; `before` and `after` hold what changed. No foreign keys: history outlives its subjects."""

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.Index("ix_audit_event_entity", "entity", "entity_id", "id"),
        sa.Index("ix_audit_event_actor_user_id", "actor_user_id", "id"),
    )

    id: Mapped[BigPk]
    at: Mapped[Created]
    actor_kind: Mapped[str] = mapped_column(sa.String(20))
    actor_user_id: Mapped[int | None] = mapped_column(sa.Integer)
    actor_organisation_id: Mapped[UUID | None] = mapped_column(sa.Uuid)
    actor_name: Mapped[Short]
    role: Mapped[str] = mapped_column(sa.String(240))
    verb: Mapped[Short]
    entity: Mapped[str] = mapped_column(sa.String(80))
    entity_id: Mapped[Short]
    op: Mapped[str] = mapped_column(sa.CHAR(1))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[Prose]
    request_id: Mapped[Short]
    personal_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))


class AuditPersonal(Base):
    """The personal half of an event, erasable: the sealed row keeps only SHA-256(salt + content)."""

    __tablename__ = "audit_personal"

    audit_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("audit_event.id"), primary_key=True, autoincrement=False
    )
    salt: Mapped[Digest]
    content: Mapped[Json]
