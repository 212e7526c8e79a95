"""The one clock of the verbs. Everything that asks for the time asks here, so a test or a rehearsal can move it.

In development `flask clock advance 6d` writes the shift into the database, and every process that called `follow` sees
it within a second: web, worker, clock, sealer, commands. Production never follows and asks the database nothing.

What follows the moved clock: timers, guards, deadlines, dates of rates and policies, the moments that verbs write down
(`accepted_at`, `state_entered_at`, a journal entry's `at`), lists such as "Late". What stays real, because it measures
machines or strangers and not the business:

* the age of a webhook's signature, since the provider signs with the real time;
* when rows were made (`created_at`), audited, sealed and published, which is evidence;
* leases and pauses of outbox messages and heartbeats, since a moved clock ends no program's life;
* sign-in sessions, form keys and limits of requests, since a rehearsal must not sign everybody out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import session as sessions
from models.errors import Invalid
from models.platform.clock_shift import ONLY, ClockShift
from models.types import utc_now

LOOK_EVERY = 0.5
"""Seconds for which a process believes the shift it has read."""
FARTHEST = timedelta(days=3650)
_QUESTION = f"select seconds from clock_shift where id = {ONLY}"  # noqa: S608  a constant
_offset: ContextVar[timedelta] = ContextVar("clock_offset", default=timedelta())


@dataclass
class _Followed:
    """What this process knows of the shift in the database."""

    following: bool = False
    by: timedelta = timedelta()
    looked: float = float("-inf")


_followed = _Followed()


def now() -> datetime:
    """This moment in UTC."""
    return real() + shift()


def real() -> datetime:
    """This moment in UTC for the machinery's own waiting: only `moved` moves it, no rehearsal does."""
    return utc_now() + _offset.get()


def shift() -> timedelta:
    """How far the database says that the clock is ahead; always nothing where this process does not follow it."""
    known = _followed
    if known.following and time.monotonic() - known.looked >= LOOK_EVERY:
        known.looked = time.monotonic()  # first: a database that is away is asked once per look, not once per caller
        known.by = _read(known.by)
    return known.by


def follow(*, yes: bool) -> None:
    """Whether this process reads the shift: yes in development and tests, never in production."""
    _followed.following, _followed.by, _followed.looked = yes, timedelta(), float("-inf")


def advance(session: Session, by: timedelta) -> timedelta:
    """Moves the clock of every process that follows; answers how far it is ahead now. Raises Invalid."""
    row = session.get(ClockShift, ONLY, with_for_update=True) or ClockShift(id=ONLY, seconds=0)
    if by <= timedelta():
        raise Invalid("The clock only goes forward: say how far, for example 6d.")
    if by > FARTHEST - row.by:
        raise Invalid("That is more than ten years ahead.")
    row.seconds += int(by.total_seconds())
    return _kept(session, row)


def reset(session: Session) -> None:
    """Back to real time. What the rehearsal wrote down keeps its dates; a timer it armed waits for its moment."""
    if row := session.get(ClockShift, ONLY, with_for_update=True):
        row.seconds = 0
        _kept(session, row)


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """The clock of this context, moved for as long as the block lasts."""
    token = _offset.set(_offset.get() + by)
    try:
        yield
    finally:
        _offset.reset(token)


def _kept(session: Session, row: ClockShift) -> timedelta:
    row.changed_at = utc_now()
    session.info["verb"] = "clock.move"
    session.add(row)
    session.flush()
    _followed.looked = float("-inf")
    return row.by


def _read(otherwise: timedelta) -> timedelta:
    """On a connection of its own: it may be asked amid a transaction that has failed, or between two."""
    try:
        borrowed = sessions.engine().raw_connection()
    except (SQLAlchemyError, psycopg.Error, RuntimeError):
        return otherwise
    try:
        cursor = borrowed.cursor()
        cursor.execute(_QUESTION)
        found = cursor.fetchone()
    except psycopg.errors.UndefinedTable:  # not migrated yet
        found = None
    except psycopg.Error:
        return otherwise
    finally:
        borrowed.close()
    return timedelta(seconds=found[0]) if found else timedelta()
