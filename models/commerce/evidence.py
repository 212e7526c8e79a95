"""What a seller shows to prove the work: a file and a sentence."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.platform.stored_file import StoredFile
from models.types import Created, Prose, UserId, UuidPk


class Evidence(Base):
    """`round` counts deliveries of the order, from 1."""

    __tablename__ = "order_evidence"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "stored_file_id"),
        sa.CheckConstraint("round >= 1", name="round_counts_from_one"),
    )

    id: Mapped[UuidPk]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_order.id"))
    stored_file_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stored_file.id"))
    round: Mapped[int] = mapped_column(sa.SmallInteger)
    note: Mapped[Prose]
    uploaded_by_user_id: Mapped[UserId]
    created_at: Mapped[Created]

    stored_file: Mapped[StoredFile] = relationship(StoredFile)
