"""Stored files as rows: the facts are recorded in the transaction that needs them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.clients.storage import StoredContent
from models.errors import Conflict
from models.platform.stored_file import StoredFile


def record(
    session: Session, content: StoredContent, *, media_type: str, purpose: str, original_name: str | None = None
) -> StoredFile:
    """The row for bytes that are already in storage; recording the same content and name twice gives the same row.

    A name is its giver's: who stores equal bytes under another name gets a row of their own and never sees the first.
    Two workers that wrote the same document at once both get the one row. Raises Conflict when the key is
    recorded with other bytes.
    """
    row = _find(session, content.key, original_name)
    if row is None:
        row = StoredFile(
            key=content.key,
            sha256=content.sha256,
            size=content.size,
            media_type=media_type,
            purpose=purpose,
            original_name=original_name,
        )
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            row = _find(session, content.key, original_name)
            if row is None:
                raise
    if (row.sha256, row.size) != (content.sha256, content.size):
        raise Conflict("Another file is recorded under this name.")
    return row


def _find(session: Session, key: str, name: str | None) -> StoredFile | None:
    mine = StoredFile.original_name.is_not_distinct_from(name)
    return session.scalars(sa.select(StoredFile).where(StoredFile.key == key, mine)).one_or_none()
