"""The one clock of the verbs. Everything that asks for the time asks here, so a test or a rehearsal can move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from models.types import utc_now

_offset: ContextVar[timedelta] = ContextVar("clock_offset", default=timedelta())


def now() -> datetime:
    """This moment in UTC."""
    return utc_now() + _offset.get()


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """The clock of this context, moved for as long as the block lasts."""
    token = _offset.set(_offset.get() + by)
    try:
        yield
    finally:
        _offset.reset(token)
