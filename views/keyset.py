"""Pages of a list that cost the same however deep: a page begins behind the last row of the one before it.

The place is the row's own values in the list's order, so rows that come or go meanwhile neither repeat nor hide others.
Nothing typed into an address does more than choose where a page begins: row filters stay on the query.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import asc_op, desc_op, nulls_first_op, nulls_last_op

LONGEST = 2000
_BITS = ((sa.SmallInteger, 15), (sa.BigInteger, 63), (sa.Integer, 31))
"""How large a whole number of each type may be; the first that fits, because the others are kinds of Integer."""
_DIGITS = 100
"""PostgreSQL refuses a decimal with too many digits, on either side of the point."""
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
        """Reads `column`, `column.asc()` or `column.desc()`, as a list over `model` orders by it. Raises TypeError for
        an expression of no type or of one that no token holds: a place would be compared with it as text."""
        descending = False
        while isinstance(clause, UnaryExpression) and clause.modifier in _MODIFIERS:
            descending = descending or clause.modifier is desc_op
            clause = clause.element
        column = getattr(clause, "expression", clause)
        if _reader(clause.type) is None:
            raise TypeError(f"no place holds {clause.type!r}: say the type with sa.type_coerce, or add a reader")
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
        bound = self.bound(value)
        if self.descending:
            return self.column < bound
        return self.column > bound if self.filled else sa.or_(self.column > bound, self.column.is_(None))

    def bound(self, value: Any) -> Any:
        """To compare with: SQLAlchemy refuses a bare True or False on one side of < and >."""
        return sa.literal(value, self.column.type)


def beyond(keys: Sequence[Key], values: Sequence[Any]) -> Any:
    """Rows behind the one with these values: further in the first key, or equal there and further in the next."""
    further: Any = sa.false()
    for key, value in reversed(list(zip(keys, values, strict=True))):
        further = sa.or_(key.beyond(value), sa.and_(key.same(value), further))
    first, value = keys[0], values[0]
    if value is None or not (first.filled or first.descending):
        return further
    # Said once more in the way an index understands: without it, a deep page reads all that came before.
    edge = first.bound(value)
    return sa.and_(first.column <= edge if first.descending else first.column >= edge, further)


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
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError, binascii.Error):
        return None


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.name
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _read(kind: Any, value: Any) -> Any:
    """The value as its column's type has it, when PostgreSQL takes it. Raises what its constructor raises, ValueError
    for what does not fit the type, TypeError for another one."""
    reader = _reader(kind)
    if reader is None:
        raise TypeError(kind)
    return None if value is None else reader(kind, value)


def _reader(kind: Any) -> Callable[[Any, Any], Any] | None:
    return next((reader for type_, reader in _READERS if isinstance(kind, type_)), None)


def _of(type_: type, value: Any) -> Any:
    if type(value) is not type_:  # True is an int for Python, and none for PostgreSQL
        raise TypeError(value)
    return value


def _fit(value: Any, fits: bool) -> Any:
    if not fits:
        raise ValueError(value)
    return value


def _whole(kind: Any, value: Any) -> int:
    most = 2 ** next(bits for type_, bits in _BITS if isinstance(kind, type_))
    number: int = _fit(_of(int, value), -most <= value < most)
    return number


def _member(kind: sa.Enum, value: Any) -> Any:
    return kind.enum_class[value] if kind.enum_class else _fit(value, value in kind.enums)


def _moment(kind: sa.DateTime, value: Any) -> datetime:
    """In UTC, whose offset PostgreSQL reads; without any where the column has none."""
    moment = datetime.fromisoformat(_of(str, value))
    _fit(moment, (moment.tzinfo is not None) == kind.timezone)
    return moment.astimezone(UTC) if kind.timezone else moment


def _decimal(_kind: Any, value: Any) -> Decimal:
    number = Decimal(_of(str, value))
    exponent = number.as_tuple().exponent
    plain = isinstance(exponent, int) and abs(exponent) < _DIGITS and abs(number.adjusted()) < _DIGITS
    return Decimal(_fit(number, plain))


def _text(_kind: Any, value: Any) -> str:
    text: str = _of(str, value)
    text.encode()  # half of a pair of surrogates has no bytes
    _fit(text, "\0" not in text)
    return text


_READERS: tuple[tuple[type, Callable[[Any, Any], Any]], ...] = (
    (sa.Boolean, lambda _kind, value: _of(bool, value)),
    (sa.Integer, _whole),
    (sa.Enum, _member),
    (sa.DateTime, _moment),
    (sa.Uuid, lambda _kind, value: UUID(_of(str, value))),
    (sa.Numeric, _decimal),
    (sa.String, _text),
)
