"""The clock: every schedule once per slot, whoever asks; the time itself can be moved for a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import click
import httpx
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import session as sessions
from app.commands.clock import Span
from app.parts import assemble
from app.services.platform import clock, machine
from app.unit_of_work import unit_of_work
from config import Config
from jobs.schedule import SCHEDULES, Schedule, insert_due
from models.errors import Invalid
from models.people.organisation import Organisation, OrganisationKind
from models.people.seller import Seller
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now, uuid7
from tests.databases import ROOT, Database
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


@pytest.fixture
def followed(bound: Database) -> Iterator[None]:
    """This process follows the shift of its database; nobody after it believes what it has read."""
    clock.follow(yes=True)
    yield
    clock.follow(yes=False)


def _ahead() -> timedelta:
    return clock.now() - utc_now()


@pytest.mark.usefixtures("followed")
def test_a_clock_that_was_advanced_is_ahead_for_everybody_who_follows_it(scope: Session) -> None:
    assert clock.shift() == timedelta()
    with unit_of_work(CLOCKWORK) as session:
        assert clock.advance(session, timedelta(days=6)) == timedelta(days=6)
    with unit_of_work(CLOCKWORK) as session:
        assert clock.advance(session, timedelta(hours=1)) == timedelta(days=6, hours=1)
    assert timedelta(days=6, hours=1) - _ahead() < timedelta(seconds=1)
    assert abs(clock.real() - utc_now()) < timedelta(seconds=1), "the machinery's own waiting was moved too"
    with unit_of_work(CLOCKWORK) as session:
        clock.reset(session)
    assert _ahead() < timedelta(seconds=1)


@pytest.mark.usefixtures("followed")
@pytest.mark.parametrize("by", [timedelta(), timedelta(days=-1), timedelta(days=3651), timedelta.max])
def test_the_clock_only_goes_forward_and_not_beyond_ten_years(scope: Session, by: timedelta) -> None:
    with pytest.raises(Invalid), unit_of_work(CLOCKWORK) as session:
        clock.advance(session, by)
    assert _ahead() < timedelta(seconds=1)


def test_who_does_not_follow_asks_the_database_nothing(
    scope: Session, followed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work(CLOCKWORK) as session:
        clock.advance(session, timedelta(days=6))
    clock.follow(yes=False)
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "engine", lambda: pytest.fail("production looks for a shift"))
        assert _ahead() < timedelta(seconds=1)


@pytest.mark.usefixtures("followed")
def test_a_database_that_is_away_leaves_the_clock_where_it_was(scope: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work(CLOCKWORK) as session:
        clock.advance(session, timedelta(days=6))
    assert clock.shift() == timedelta(days=6)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "LOOK_EVERY", 0.0)
        patched.setattr(sessions, "engine", lambda: sa.create_engine("postgresql+psycopg:///?host=/nowhere"))
        assert clock.shift() == timedelta(days=6)


@pytest.mark.usefixtures("followed")
def test_it_is_asked_amid_a_transaction_that_has_failed(scope: Session) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        scope.execute(sa.text("select 1/0"))
    assert clock.shift() == timedelta()


def test_only_parts_of_a_production_do_not_follow(bound: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(clock, "follow", lambda *, yes: asked.append(yes))
    monkeypatch.setattr(Config, "_refuse_unsafe", lambda _self: None)
    for environment in ("development", "test", "production"):
        assemble(replace(Config.from_environment(), environment=environment))
    assert asked == [True, True, False]


@pytest.mark.parametrize(
    ("spelled", "span"),
    [("6d", timedelta(days=6)), ("90m", timedelta(minutes=90)), ("1d12h30s", timedelta(days=1, hours=12, seconds=30))],
)
def test_spans_are_spelled_with_their_units(spelled: str, span: timedelta) -> None:
    assert Span().convert(spelled, None, None) == span


@pytest.mark.parametrize("spelled", ["6", "d", "-1d", "6 d", "1w", "", "999999999999d"])
def test_a_span_that_is_not_one_is_refused(spelled: str) -> None:
    with pytest.raises(click.UsageError):
        Span().convert(spelled, None, None)


def test_the_command_refuses_production_with_a_sentence(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "parts", SimpleNamespace(config=SimpleNamespace(production=True)))
    for words in (["clock", "advance", "6d"], ["clock", "reset"], ["clock", "show"]):
        done = app.test_cli_runner().invoke(args=words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "cannot be moved in production" in done.stderr


def test_every_program_and_the_payment_simulator_live_in_the_time_that_the_command_says(
    processes: Processes, committed: Database, eventually: Callable[..., Any]
) -> None:
    """A provider who never handed in papers is let go after a month: here within seconds, by clock and worker."""
    owner = uuid7()
    with psycopg.connect(committed.superuser_url, autocommit=True) as database:

        def flask(*words: str) -> str:
            argv = [sys.executable, "-m", "flask", "--app", "app.factory", "clock", *words]
            done = subprocess.run(argv, env=processes.env, cwd=ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        def simulator() -> int:
            return int(httpx.get(f"{processes.env['PAYMENTS_URL']}/_knobs").json()["clock_offset_s"])

        processes.payments()
        for program in (processes.worker, processes.clock):
            program()
        engine = sa.create_engine(committed.url, poolclass=sa.NullPool)
        with Session(engine) as session:
            session.info.update(actor=CLOCKWORK, reason="", verb="")
            session.add(Organisation(id=owner, kind=OrganisationKind.provider, name="Bright", slug="bright"))
            session.flush()
            machine.begin(session, Seller(organisation_id=owner))
            session.commit()
        assert "31 days, 0:00:00 ahead" in flask("advance", "31d")
        assert simulator() == 31 * 86_400
        eventually(lambda: database.execute("select 1 from seller where state = 'rejected'").fetchone(), 30)
        (at,) = database.execute("select at from transition where machine = 'seller'").fetchone() or (None,)
        assert at - utc_now() > timedelta(days=30)
        assert "real time" in flask("reset")
        assert "real time" in flask("show")
        assert simulator() == 0
