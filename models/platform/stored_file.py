"""What lies in file storage, as facts the database can be asked about; the bytes themselves are outside."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Digest, Prose, Short, UuidPk


class StoredFile(Base):
    """One stored object. The bytes under `key` never change: other bytes get another key."""

    __tablename__ = "stored_file"
    __personal__ = frozenset({"original_name"})
    __table_args__ = (
        sa.UniqueConstraint("key", "original_name", name="uq_stored_file_key", postgresql_nulls_not_distinct=True),
        sa.CheckConstraint("octet_length(sha256) = 32", name="sha256_is_whole"),
        sa.CheckConstraint("size > 0", name="not_empty"),
        sa.Index("ix_stored_file_purpose", "purpose", "created_at"),
    )

    id: Mapped[UuidPk]
    key: Mapped[Prose]
    sha256: Mapped[Digest]
    size: Mapped[int] = mapped_column(sa.BigInteger)
    """Bytes."""
    media_type: Mapped[Short]
    purpose: Mapped[Short]
    """What it is for: contract, receipt, evidence."""
    original_name: Mapped[str | None] = mapped_column(sa.String(255))
    created_at: Mapped[Created]
