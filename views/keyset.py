"""Pages of a list that cost the same however deep: a page begins behind the last row of the one before it.

The place is the row's own values in the list's order, so rows that come or go meanwhile neither repeat nor hide others.
Nothing typed into an address does more than choose where a page begins: row filters stay on the query.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import asc_op, desc_op, nulls_first_op, nulls_last_op

LONGEST = 2000
_TOO_LARGE = 2**63
_MODIFIERS = {asc_op, desc_op, nulls_first_op, nulls_last_op}


@dataclass(frozen=True, slots=True)
class Key:
    """One expression of the order. As PostgreSQL does, nothing (NULL) counts as greater than every value."""

    column: Any
    descending: bool
    filled: bool
    """Whether every row has a value: a column of the list's own table that may not be empty."""

    @classmethod
    def of(cls, clause: Any, model: Any) -> Key:
        """Reads `column`, `column.asc()` or `column.desc()`, as a list over `model` orders by it."""
        descending = False
        while isinstance(clause, UnaryExpression) and clause.modifier in _MODIFIERS:
            descending = descending or clause.modifier is desc_op
            clause = clause.element
        column = getattr(clause, "expression", clause)
        filled = getattr(column, "table", None) is model.__table__ and not column.nullable
        return cls(clause, descending, filled)

    def turned(self) -> Key:
        """The other way round."""
        return Key(self.column, not self.descending, self.filled)

    @property
    def clause(self) -> Any:
        """For ORDER BY."""
        return self.column.desc() if self.descending else self.column.asc()

    def same(self, value: Any) -> Any:
        """Rows with this value."""
        return self.column.is_(None) if value is None else self.column == value

    def beyond(self, value: Any) -> Any:
        """Rows that come after this value."""
        if value is None:
            return self.column.is_not(None) if self.descending else sa.false()
        if self.descending:
            return self.column < value
        return self.column > value if self.filled else sa.or_(self.column > value, self.column.is_(None))


def beyond(keys: Sequence[Key], values: Sequence[Any]) -> Any:
    """Rows behind the one with these values: further in the first key, or equal there and further in the next."""
    further: Any = sa.false()
    for key, value in reversed(list(zip(keys, values, strict=True))):
        further = sa.or_(key.beyond(value), sa.and_(key.same(value), further))
    first, value = keys[0], values[0]
    if value is None or not (first.filled or first.descending):
        return further
    # Said once more in the way an index understands: without it, a deep page reads all that came before.
    return sa.and_(first.column <= value if first.descending else first.column >= value, further)


def token(values: Sequence[Any]) -> str:
    """A place as it stands in an address."""
    plain = json.dumps([_written(value) for value in values], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def place(keys: Sequence[Key], text: str) -> list[Any] | None:
    """The values of a token, None for one that is not of this order."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text[:LONGEST] + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(keys):
            return None
        return [_read(key.column.type, value) for key, value in zip(keys, values, strict=True)]
    except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error):
        return None


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.name
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _read(kind: Any, value: Any) -> Any:
    """The value as its column's type has it. Raises what its constructor raises."""
    if value is None:
        return None
    if isinstance(kind, sa.Boolean | sa.Integer):
        if not isinstance(value, int) or abs(value) >= _TOO_LARGE:
            raise ValueError(value)
        return bool(value) if isinstance(kind, sa.Boolean) else value
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError(value)
    if isinstance(kind, sa.Enum):
        return kind.enum_class[value] if kind.enum_class else value
    makers = ((sa.DateTime, datetime.fromisoformat), (sa.Uuid, UUID), (sa.Numeric, Decimal))
    return next((make(value) for type_, make in makers if isinstance(kind, type_)), value)
