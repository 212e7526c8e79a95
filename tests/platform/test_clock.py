"""The clock: every schedule once per slot, whoever asks; the time itself can be moved for a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.platform import clock
from app.unit_of_work import unit_of_work
from jobs.schedule import SCHEDULES, Schedule, insert_due
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now
from tests.platform.conftest import CLOCKWORK
from tests.processes import Processes

WAITING = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%pg_advisory_lock%'"
NOON = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)


def _jobs(session: Session) -> list[str]:
    return list(session.scalars(sa.select(OutboxMessage.job).order_by(OutboxMessage.job)))


def _tick(at: datetime) -> None:
    with unit_of_work(CLOCKWORK) as session:
        insert_due(session, at)


@pytest.mark.parametrize(
    ("every", "offset", "slot"),
    [
        (timedelta(minutes=1), timedelta(), NOON.replace(second=0)),
        (timedelta(seconds=15), timedelta(), NOON),
        (timedelta(days=1), timedelta(hours=2), NOON.replace(hour=2, second=0)),
        (timedelta(days=1), timedelta(hours=13), NOON.replace(day=23, hour=13, second=0)),
    ],
)
def test_a_slot_begins_where_the_schedule_says(every: timedelta, offset: timedelta, slot: datetime) -> None:
    assert Schedule("any.job", every, offset).slot(NOON) == slot


def test_a_slot_is_asked_for_once_however_often_the_clock_ticks(scope: Session) -> None:
    for second in range(3):
        _tick(NOON + timedelta(seconds=second))
    assert _jobs(scope) == sorted(one.job for one in SCHEDULES)


def test_the_next_slot_is_asked_for_again(scope: Session) -> None:
    _tick(NOON)
    _tick(NOON + timedelta(days=1))
    assert _jobs(scope) == sorted([one.job for one in SCHEDULES] * 2)


def test_a_clock_that_was_away_makes_up_for_the_latest_slot_only(scope: Session) -> None:
    _tick(NOON)
    _tick(NOON + timedelta(days=9))
    assert len(_jobs(scope)) == 2 * len(SCHEDULES)


def test_the_clock_of_the_verbs_can_be_moved_and_comes_back() -> None:
    with clock.moved(timedelta(days=2)), clock.moved(timedelta(days=1)):
        assert clock.now() - utc_now() > timedelta(days=2, hours=23)
    assert abs(clock.now() - utc_now()) < timedelta(seconds=1)


def test_two_clocks_make_every_run_once_and_the_second_takes_over(
    processes: Processes, eventually: Callable[..., Any]
) -> None:
    with psycopg.connect(processes.env["DATABASE_URL"], autocommit=True) as database:

        def one(query: str) -> Any:
            row = database.execute(query.encode()).fetchone()
            return row and row[0]

        first = processes.clock()
        eventually(lambda: one("select at from heartbeat where name = 'clock'"), 30)
        processes.clock()
        eventually(lambda: one(WAITING), 30)
        keys = [key for (key,) in database.execute("select key from outbox_message").fetchall()]
        assert {key.split(":")[1] for key in keys} == {each.job for each in SCHEDULES}
        assert len(keys) == len({key for key in keys if key.startswith("job:")})
        first.kill()
        first.wait()
        killed = one("select clock_timestamp()")
        eventually(lambda: one("select at from heartbeat where name = 'clock'") > killed, 30)
