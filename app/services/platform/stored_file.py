"""Stored files as rows: the facts are recorded in the transaction that needs them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.clients.storage import StoredContent
from models.errors import Conflict
from models.platform.stored_file import StoredFile
from models.types import utc_now, uuid7


def record(
    session: Session, content: StoredContent, *, media_type: str, purpose: str, original_name: str | None = None
) -> StoredFile:
    """The row for bytes that are already in storage; recording the same content twice gives the same row.

    Two workers that wrote the same document at once both get the one row. Raises Conflict when the key is
    recorded with other bytes.
    """
    session.execute(
        insert(StoredFile)
        .values(
            id=uuid7(),
            key=content.key,
            sha256=content.sha256,
            size=content.size,
            media_type=media_type,
            purpose=purpose,
            original_name=original_name,
            created_at=utc_now(),
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    row = session.scalars(sa.select(StoredFile).where(StoredFile.key == content.key)).one()
    if (row.sha256, row.size) != (content.sha256, content.size):
        raise Conflict("Another file is recorded under this name.")
    return row
