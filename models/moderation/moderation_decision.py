"""A decision about a listing: who decided what, by which rule, about exactly which words. Never altered."""

from __future__ import annotations

from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.listing import Listing
from models.types import Digest, Instant, Json, Prose, UserId, UuidPk


class Outcome(Enum):
    """Each belongs to one event of the listing's machine."""

    approved = "Approved"
    rejected = "Rejected"
    suspended = "Suspended"
    reinstated = "Reinstated"


class ModerationDecision(Base):
    """Written in the transaction of the move it decides (`transition_id`); the database checks that at commit.

    `snapshot_sha256` is over the RFC 8785 form of `snapshot`. `statement` is the statement of reasons of a restriction
    (DSA art. 17), None for a decision that restricts nothing.
    """

    __tablename__ = "moderation_decision"
    __personal__ = frozenset({"reason", "statement"})
    __table_args__ = (
        sa.UniqueConstraint("transition_id"),
        sa.Index("ix_moderation_decision_listing_id", "listing_id", "decided_at"),
        sa.Index("ix_moderation_decision_decider_id", "decider_id"),
        sa.CheckConstraint("octet_length(snapshot_sha256) = 32", name="digest_is_whole"),
        sa.CheckConstraint("length(btrim(reason)) >= 20", name="reason_says_something"),
        sa.CheckConstraint(
            "(outcome IN ('rejected', 'suspended')) = (statement IS NOT NULL)", name="restriction_is_stated"
        ),
    )

    id: Mapped[UuidPk]
    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"))
    transition_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("transition.id"))
    outcome: Mapped[Outcome] = mapped_column(
        sa.Enum(Outcome, name="moderation_outcome", native_enum=False, create_constraint=True, length=20)
    )
    policy: Mapped[str] = mapped_column(sa.String(60))
    reason: Mapped[Prose]
    statement: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    listing_version: Mapped[int]
    snapshot: Mapped[Json]
    snapshot_sha256: Mapped[Digest]
    decider_id: Mapped[UserId]
    decided_at: Mapped[Instant]

    listing: Mapped[Listing] = relationship(Listing)
    decider: Mapped[User] = relationship(User)

    def __str__(self) -> str:
        return f"{self.outcome.value}: {self.listing}"
