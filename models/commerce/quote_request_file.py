"""A photo or document that shows the job of a quote."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.platform.stored_file import StoredFile
from models.types import UuidPk


class QuoteRequestFile(Base):
    """Both parties may open it; nobody else."""

    __tablename__ = "quote_request_file"
    __table_args__ = (sa.Index("ix_quote_request_file_quote_id", "quote_id"),)

    id: Mapped[UuidPk]
    quote_id: Mapped[UUID] = mapped_column(sa.ForeignKey("quote_request.id"))
    stored_file_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stored_file.id"))

    stored_file: Mapped[StoredFile] = relationship(StoredFile)
