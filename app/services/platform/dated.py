"""Tables of what holds from one day to another: their rows come from a file and are never edited, only ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session


class Dated(Protocol):
    """A row that holds in `valid`, days, the last one excluded."""

    id: UUID
    valid: Range[date]


def bring(session: Session, rows: Iterable[Dated]) -> int:
    """Adds rows that are not there, by id, and ends those whose end became known; answers how many were new."""
    new = 0
    for row in rows:
        present = session.get(type(row), row.id)
        if present is None:
            session.add(row)
            new += 1
        elif present.valid != row.valid:
            present.valid = row.valid
    session.flush()
    return new
