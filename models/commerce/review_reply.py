"""The one answer of whom a review is about."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Prose, UserId, UuidPk


class ReviewReply(Base):
    """Written once, after publication, and never altered."""

    __tablename__ = "review_reply"
    __personal__ = frozenset({"text"})
    __table_args__ = (
        sa.UniqueConstraint("review_id"),
        sa.CheckConstraint("length(btrim(text)) BETWEEN 1 AND 2000", name="text_says_something"),
    )

    id: Mapped[UuidPk]
    review_id: Mapped[UUID] = mapped_column(sa.ForeignKey("review.id"))
    user_id: Mapped[UserId]
    text: Mapped[Prose]
    created_at: Mapped[Created]
