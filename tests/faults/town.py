"""A whole Fixnado of its own: PostgreSQL, Valkey, web, worker, clock, sealer and payment provider, for tests that hurt
them. One per test worker, because it takes seconds to start; programs that end are started again, as the supervisor
does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from app import audit_trail
from app.embedded import Postgres, Valkey
from app.outbox import send
from app.services.platform import audit_event, invariant, seal
from models.actor import Actor
from models.types import uuid7
from tests.databases import Database
from tests.processes import Processes, answers, wait_for

T = TypeVar("T")
NAME = "town"
PROGRAMS = ("worker", "clock", "sealer")


@dataclass
class PrivateDatabase(Database):
    """The town's database, on the town's own server."""

    server: Postgres | None = None

    def _address(self, user: str) -> str:
        assert self.server
        return self.server.url(user, self.name)


@dataclass
class Town:
    """`ask` reads its database, `arrange` writes to it by the product's verbs, `faults` are all the broken rules."""

    postgres: Postgres
    valkey: Valkey
    database: Database
    programs: Processes
    scratch: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    make: sessionmaker[Session] = field(default_factory=sessionmaker)
    read_of_web_log: int = 0

    @classmethod
    def build(cls, folder: Path, worker: str) -> Town:
        postgres, valkey = Postgres(folder / "pg", durable=False), Valkey(folder / "kv", durable=False)
        postgres.start()
        valkey.start()
        database = PrivateDatabase(NAME, server=postgres)
        _copy_template(postgres, folder, f"town_{worker}")
        town = cls(postgres, valkey, database, Processes.against(database, valkey.url(), folder), folder / "scratch")
        town.scratch.mkdir()
        town.programs.env["TMPDIR"] = str(town.scratch)
        engine = sa.create_engine(database.url, connect_args={"options": "-c timezone=UTC"}, poolclass=sa.NullPool)
        town.make = sessionmaker(engine, expire_on_commit=False)
        audit_trail.install(town.make)
        return town

    def open(self) -> None:
        """Starts the programs."""
        self.running["payments"] = self.programs.payments()
        for name in PROGRAMS:
            self.running[name] = getattr(self.programs, name)()
        self.running["web"] = self.programs.web(WEB_WORKERS="2")

    def mend(self) -> None:
        """Starts again what has ended."""
        for name in PROGRAMS:
            if self.running[name].poll() is not None:
                self.running[name] = getattr(self.programs, name)()

    def close(self) -> None:
        for program in self.programs.started:
            program.kill()  # nobody waits for them to say goodbye
        self.programs.stop()
        for server in (self.valkey, self.postgres):
            server.stop()
            server.erase()

    @property
    def url(self) -> str:
        return self.programs.base_url

    @property
    def provider_url(self) -> str:
        return self.programs.env["PAYMENTS_URL"]

    def knobs(self, **wanted: int) -> None:
        """Makes the provider misbehave until the test ends."""
        httpx.post(f"{self.provider_url}/_knobs", json=wanted).raise_for_status()

    def provider(self, path: str, **query: str) -> Any:
        """What the provider has on its books."""
        headers = {"Authorization": f"Bearer {self.programs.env['PAYMENTS_KEY']}"}
        answer = httpx.get(f"{self.provider_url}/v1/{path}", params=query, headers=headers)
        return answer.raise_for_status().json()

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the town's database, seen and changed as its superuser; each question is its own transaction."""
        with psycopg.connect(self.database.superuser_url, autocommit=True) as connection:
            found = connection.execute(question.encode(), values)
            return found.fetchall() if found.description else []

    def one(self, question: str, *values: object) -> Any:
        """The single value of the single row."""
        ((value,),) = self.ask(question, *values)
        return value

    def until(self, true: Callable[[], T], seconds: float = 40) -> T:
        """Waits for a true answer, and meanwhile starts again what has ended."""

        def look() -> T:
            self.mend()
            return true()

        return wait_for(look, seconds)

    def until_counted(self, count: int, question: str, *values: object) -> None:
        """Waits until `question` has so many rows."""
        self.until(lambda: len(self.ask(question, *values)) == count)

    def until_answering(self) -> None:
        """Waits until every part is ready again."""
        self.until(lambda: answers(f"{self.url}/readyz"))

    @contextmanager
    def arrange(self) -> Iterator[Session]:
        """A session for the product's own verbs, audited as at an edge and committed at the end."""
        with self.make() as session:
            session.info.update(actor=Actor.system("test"), reason="", verb="")
            yield session
            session.commit()

    def sweep(self) -> None:
        """Asks for a run of the sweep now instead of at the next full minute."""
        with self.arrange() as session:
            send(session, "commerce.payment.sweep", key=f"sweep:{uuid7()}")

    def faults(self) -> list[object]:
        """Whatever does not hold: seals of both chains, personal text, invariants, dead letters, answers 500."""
        with self.make() as session:
            found: list[object] = [fault for chain in seal.chains(session) for fault in seal.verify(session, chain)]
            found += audit_event.personal_faults(session)
            found += [finding for finding in invariant.check_all(session) if not finding.holds]
        found += self.ask("select job, last_error from outbox_message where dead_at is not null")
        return found + self.unexpected()

    def unexpected(self) -> list[str]:
        """Errors of ours that the web wrote down since it was last asked."""
        said = self.programs.log("web")[self.read_of_web_log :]
        self.read_of_web_log += len(said)
        return [line for line in said.splitlines() if '"unexpected"' in line]


def _copy_template(postgres: Postgres, folder: Path, name: str) -> None:
    """Of a copy: nobody may be connected to a template while others copy it."""
    postgres.create_roles()
    postgres.create_database(NAME)
    copy = Database.clone(name)
    try:
        dump = str(folder / "dump")
        environment = {**os.environ, "PGOPTIONS": ""}
        for argv in (
            ["pg_dump", "-Fc", "-Z0", "-f", dump, copy.superuser_url],
            ["pg_restore", "-d", postgres.url("postgres", NAME), dump],
        ):
            program = [str(postgres.bin / argv[0]), *argv[1:]]
            done = subprocess.run(program, capture_output=True, text=True, env=environment)
            assert done.returncode == 0, done.stderr
    finally:
        copy.drop()
