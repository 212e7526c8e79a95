"""A photo or document that belongs to a message about an order."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.platform.stored_file import StoredFile
from models.types import UuidPk


class OrderMessageFile(Base):
    """Both parties and staff may open it; nobody else."""

    __tablename__ = "order_message_file"
    __table_args__ = (sa.Index("ix_order_message_file_message_id", "message_id"),)

    id: Mapped[UuidPk]
    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_message.id"))
    stored_file_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stored_file.id"))

    stored_file: Mapped[StoredFile] = relationship(StoredFile)
