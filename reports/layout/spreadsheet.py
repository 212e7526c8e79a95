"""CSV as spreadsheets read it: RFC 4180, UTF-8 with a mark at its beginning, a row at a time.

Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers, which we made, stay numbers.
Moments are ISO 8601 in UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from html import unescape
from types import NoneType
from typing import Any

from markupsafe import Markup

MEDIA_TYPE = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = "\ufeff"
"""Without it a spreadsheet reads £ as two letters."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_AT_ONCE = 32 * 1024  # bytes


class Number(str):
    """A cell that is a number of ours: it may begin with a minus."""

    __slots__ = ()


def money(minor: int | None) -> Number:
    """Minor units as `1250.00`, which no spreadsheet takes for anything but a number."""
    if minor is None:
        return Number()
    whole, part = divmod(abs(minor), 100)
    return Number(f"{'-' if minor < 0 else ''}{whole}.{part:02d}")


def text(value: Any) -> str:
    """Any value as the text of a cell."""
    return next((spell(value) for kinds, spell in _SPELLINGS if isinstance(value, kinds)), str(value))


def _moment(value: datetime) -> str:
    stamp = value if value.tzinfo else value.replace(tzinfo=UTC)
    return stamp.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_SPELLINGS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (NoneType, lambda _: ""),
    (bool, lambda value: "yes" if value else "no"),
    (datetime, _moment),
    (date, date.isoformat),
    (Enum, lambda value: text(value.value)),
    (bytes, bytes.hex),
    ((list, tuple, set, frozenset), lambda value: "; ".join(text(part) for part in value)),
    (Markup, lambda value: unescape(str(value.striptags()))),
)


def harmless(cell: str) -> str:
    """The text as it is, unless it would be computed when the file is opened."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def encoded(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file in pieces, holding no more than one piece at a time."""
    buffer = io.StringIO(newline="")
    buffer.write(BYTE_ORDER_MARK)
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([cell if isinstance(cell, Number) else _cell(cell) for cell in row])
        if buffer.tell() >= _AT_ONCE:
            yield _taken(buffer)
    if buffer.tell():
        yield _taken(buffer)


def _cell(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else harmless(text(value).replace("\x00", ""))


def _taken(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return data
