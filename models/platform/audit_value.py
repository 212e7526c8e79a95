"""A column's value as the audit trail keeps it: plain JSON, the same for the same value everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import Enum, StrEnum
from functools import singledispatch
from hashlib import sha256
from typing import Any

from sqlalchemy.sql import ClauseElement

LONGEST_BYTES = 64


@singledispatch
def plain(value: Any) -> Any:
    """Enums by name, moments in UTC, bytes in hexadecimal (long ones as their SHA-256), everything else as text."""
    return str(value)


@plain.register(type(None))
@plain.register(bool)
@plain.register(int)
@plain.register(float)
@plain.register(str)
def _as_it_is(value: Any) -> Any:
    return value


@plain.register(Enum)
@plain.register(StrEnum)
def _name(value: Enum) -> str:
    return value.name


@plain.register
def _moment(value: datetime) -> str:
    return (value.astimezone(UTC) if value.tzinfo else value).isoformat()


@plain.register(date)
@plain.register(time)
def _day(value: date | time) -> str:
    return value.isoformat()


@plain.register
def _digits(value: bytes) -> str:
    return value.hex() if len(value) <= LONGEST_BYTES else f"sha256:{sha256(value).hexdigest()}"


@plain.register(Mapping)
def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(part) for key, part in value.items()}


@plain.register(list)
@plain.register(tuple)
@plain.register(set)
@plain.register(frozenset)
def _list(value: Any) -> list[Any]:
    return [plain(part) for part in value]


@plain.register
def _computed(_value: ClauseElement) -> str:
    return "[computed by the database]"
