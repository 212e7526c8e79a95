"""What the parties of an order write to each other."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.order_message_file import OrderMessageFile
from models.types import Created, Prose, Short, UserId, UuidPk


class OrderMessage(Base):
    """`party` is buyer or seller. `read_at` is when the other side first had it on their page; nothing else of a
    message can change, which the database grants no more than that."""

    __tablename__ = "order_message"
    __personal__ = frozenset({"text"})
    __table_args__ = (
        sa.CheckConstraint("party IN ('buyer', 'seller')", name="party_is_of_the_order"),
        sa.CheckConstraint("length(text) <= 4000", name="text_has_an_end"),
        sa.Index("ix_order_message_order_id", "order_id", "id"),
        sa.Index("ix_order_message_unread", "order_id", "party", postgresql_where=sa.text("read_at IS NULL")),
        sa.Index("ix_order_message_user_id", "user_id", "created_at"),
    )

    id: Mapped[UuidPk]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_order.id"))
    party: Mapped[Short]
    user_id: Mapped[UserId]
    text: Mapped[Prose]
    read_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    files: Mapped[list[OrderMessageFile]] = relationship(OrderMessageFile, order_by=OrderMessageFile.id)
