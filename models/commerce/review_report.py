"""Somebody says that a published review should not stand, and why; staff hide it or dismiss the report."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Prose, Short, UserId, UuidPk


class ReviewReport(Base):
    """`outcome` is empty until staff decided, then hidden or dismissed."""

    __tablename__ = "review_report"
    __personal__ = frozenset({"text"})
    __table_args__ = (
        sa.UniqueConstraint("review_id", "organisation_id"),
        sa.CheckConstraint("outcome IN ('', 'hidden', 'dismissed')", name="outcome_is_known"),
        sa.CheckConstraint("(outcome = '') = (closed_at IS NULL)", name="a_decided_one_is_closed"),
    )

    id: Mapped[UuidPk]
    review_id: Mapped[UUID] = mapped_column(sa.ForeignKey("review.id"))
    organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[UserId]
    code: Mapped[Short]
    text: Mapped[Prose]
    outcome: Mapped[Short] = mapped_column(default="", server_default="")
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]
