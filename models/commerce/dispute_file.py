"""A photo or document that belongs to a statement in a dispute."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.platform.stored_file import StoredFile
from models.types import Prose, UuidPk


class DisputeFile(Base):
    """Both parties and staff may open it; nobody else."""

    __tablename__ = "dispute_file"
    __table_args__ = (sa.Index("ix_dispute_file_statement_id", "statement_id"),)

    id: Mapped[UuidPk]
    statement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("dispute_statement.id"))
    stored_file_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stored_file.id"))
    note: Mapped[Prose] = mapped_column(default="", server_default="")

    stored_file: Mapped[StoredFile] = relationship(StoredFile)
