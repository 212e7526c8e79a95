"""Losing Redis loses no job: the queue dies, comes back empty and is flushed while its feeder is killed repeatedly.

Every committed message has exactly one effect, every rolled-back one none.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from redis import Redis
from sqlalchemy.orm import Session

from app.embedded import Valkey
from app.outbox import send
from tests.databases import Database
from tests.platform.effects import DEATHS, TABLE
from tests.processes import Processes, wait_for

MESSAGES = 60


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey of its own that forgets everything when it stops."""
    server = Valkey(tmp_path / "kv", durable=False)
    server.start()
    yield server
    server.stop()
    server.erase()


class Kept:
    """A program that is started again whenever it is gone."""

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.start, self.process, self.starts = start, start(), 1

    def look(self) -> None:
        if self.process.poll() is not None:
            self.process, self.starts = self.start(), self.starts + 1


def _emit(database: Database, key: str, *, keep: bool = True) -> None:
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    with Session(engine) as session:
        send(session, "test.effect", key=key, payload={"key": key})
        if keep:
            session.commit()


def test_losing_redis_entirely_loses_no_job_and_doubles_none(
    committed: Database, queue: Valkey, tmp_path: Path
) -> None:
    with psycopg.connect(committed.owner_url, autocommit=True) as owner:
        owner.execute(TABLE)
    programs = Processes.against(committed, queue.url(), tmp_path)
    worker = Kept(lambda: programs.module("worker", "tests.platform.effects", "worker"))
    clock = Kept(lambda: programs.module("clock", "tests.platform.effects", "clock", DEATHS=str(tmp_path / "deaths")))
    try:
        for number in range(MESSAGES):
            _emit(committed, f"kept-{number}")
            if number % 7 == 0:
                _emit(committed, f"rolled-back-{number}", keep=False)
            if number == MESSAGES // 4:
                queue.stop()
            elif number == MESSAGES // 2:
                queue.start()
            elif number == MESSAGES * 3 // 4:
                Redis.from_url(queue.url()).flushall()
            time.sleep(0.01)
            worker.look()
            clock.look()
        _wait_until_done(committed, worker, clock)
    finally:
        programs.stop()
    with psycopg.connect(committed.url) as database:
        effects = sorted(key for (key,) in database.execute("select key from effect").fetchall())
    assert effects == sorted(f"kept-{number}" for number in range(MESSAGES))
    assert clock.starts > DEATHS, "the clock was not killed: this drill drilled nothing"


def _wait_until_done(database: Database, *programs: Kept) -> None:
    def done() -> bool:
        for program in programs:
            program.look()
        with psycopg.connect(database.url) as connection:
            left = connection.execute(
                "select count(*) from outbox_message where job = 'test.effect' and done_at is null"
            ).fetchone()
        return left == (0,)

    wait_for(done, 90)
