"""Keyset pages over time-ordered ids: the next page begins after the last row seen, whatever was added meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

PAGE = 20
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`before` is the key of the next page, None on the last one."""

    rows: list[Row]
    before: UUID | None


def page_of(session: Session, query: sa.Select[Row], key: InstrumentedAttribute[Any], before: str | None) -> Page[Row]:
    """The newest rows older than `before`; a key that is none is taken for the first page."""
    try:
        after = UUID(before) if before else None
    except ValueError:
        after = None
    if after is not None:
        query = query.where(key < after)
    rows = list(session.scalars(query.order_by(key.desc()).limit(PAGE + 1)))
    more = len(rows) > PAGE
    return Page(rows[:PAGE], getattr(rows[PAGE - 1], key.key) if more else None)
