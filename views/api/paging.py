"""Pages by key, newest first: the next one begins after the last row read, whatever was added meanwhile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.errors import Invalid


def cursor(given: str) -> UUID | None:
    """The `next` of a page, None for the first. Raises Invalid."""
    try:
        return UUID(given) if given else None
    except ValueError:
        raise Invalid("That is not the `next` of a page.", {"before": "Send the `next` of the page before."}) from None


def page_of(
    session: Session, query: sa.Select[Any], key: InstrumentedAttribute[Any], asked: dict[str, Any]
) -> tuple[list[Any], str | None]:
    """The rows that a Paged query asks for, and the `next` of their page. Raises Invalid."""
    after = cursor(asked["before"])
    if after is not None:
        query = query.where(key < after)
    rows = list(session.scalars(query.order_by(key.desc()).limit(asked["limit"] + 1)))
    page = rows[: asked["limit"]]
    return page, str(page[-1].id) if len(rows) > len(page) else None
