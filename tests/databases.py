"""The servers and databases of a test run.

`template_app` is migrated once as the owner through `flask prepare`, without a seed. Every worker copies it (12 ms).
A table that has rows in the template is baseline (roles, permissions, taxonomy, rates): a reset puts those rows back;
every other table is emptied. Both only where a test changed something, so a reset costs a few milliseconds. It runs as
the superuser with triggers off, because append-only tables refuse everyone else.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import psycopg

from app.embedded import APPLICATION, OWNER, Postgres, Valkey

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "template_app"
SETTINGS = {
    "ENVIRONMENT": "test",
    "SECRET_KEY": "t" * 64,
    "BASE_URL": "http://localhost",
    "PAYMENTS_URL": "http://127.0.0.1:1",
    "PAYMENTS_PUBLIC_URL": "http://127.0.0.1:1",
    "PAYMENTS_KEY": "test-key",
    "PAYMENTS_WEBHOOK_SECRETS": "whsec_test_one,whsec_test_two",
    "PAYMENTS_ENDPOINT_KEY": "test-endpoint",
    "SEAL_SIGNING_KEY": "4f" * 32,
    "SMTP_URL": "smtp://127.0.0.1:1",
    "LOG_LEVEL": "WARNING",
}


@dataclass
class Servers:
    """The run's own PostgreSQL and Valkey, in var/test-<pid>, gone when the run ends in any way."""

    home: Path
    lock: TextIO
    postgres: Postgres
    valkey: Valkey

    @classmethod
    def start(cls) -> Servers:
        _sweep_killed_runs()
        home = ROOT / "var" / f"test-{os.getpid()}"
        home.mkdir(parents=True)
        lock = (home / "lock").open("w", encoding="utf-8")
        fcntl.flock(lock, fcntl.LOCK_EX)
        servers = cls(home, lock, Postgres(home / "pg", durable=False), Valkey(home / "kv", durable=False))
        try:
            servers.postgres.start()
            servers.valkey.start()
            servers.postgres.create_roles()
            servers.postgres.create_database(TEMPLATE)
            servers.publish()
            _prepare_template()
        except BaseException:
            servers.stop()
            raise
        return servers

    def publish(self) -> None:
        os.environ.update(SETTINGS)
        os.environ.update(
            TEST_POSTGRES=self.postgres.url("{user}", "{database}"),
            TEST_VALKEY=self.valkey.url().replace("db=0", "db={}"),
            DATABASE_URL=self.postgres.url(APPLICATION, TEMPLATE),
            MIGRATION_DATABASE_URL=self.postgres.url(OWNER, TEMPLATE),
            REDIS_URL=self.valkey.url(),
            STORAGE_URL=(self.home / "storage").as_uri(),
        )

    def stop(self) -> None:
        for server in (self.valkey, self.postgres):
            server.stop()
            server.erase()
        shutil.rmtree(self.home, ignore_errors=True)
        self.lock.close()


def _sweep_killed_runs() -> None:
    """A run that was killed leaves its folder; whoever can take its lock may remove it."""
    for left in (ROOT / "var").glob("test-*/lock"):
        with left.open("r+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            for server in (Postgres(left.parent / "pg"), Valkey(left.parent / "kv")):
                server.erase()
            shutil.rmtree(left.parent, ignore_errors=True)


def _prepare_template() -> None:
    command = [sys.executable, "-m", "flask", "--app", "app.factory", "prepare"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the test database could not be prepared:\n{done.stdout}{done.stderr}")


def _superuser(database: str) -> psycopg.Connection[Any]:
    address = os.environ["TEST_POSTGRES"].format(user="postgres", database=database)
    return psycopg.connect(address, autocommit=True)


TABLES = """
select c.relname,
       (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '')
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'alembic_version'
 order by c.relname
"""


class Mark(NamedTuple):
    """How many rows a table has, and the newest version among them (the number of the transaction that wrote it)."""

    rows: int
    newest: int


@dataclass
class Database:
    """One database of the run, with an address for each role."""

    name: str
    columns: dict[str, str] = field(default_factory=dict, repr=False)
    baseline: dict[str, Mark] = field(default_factory=dict, repr=False)
    connection: psycopg.Connection[Any] | None = field(default=None, repr=False)

    @classmethod
    def clone(cls, name: str) -> Database:
        with _superuser("postgres") as admin:
            admin.execute(f'drop database if exists "{name}" with (force)'.encode())
            copy = f'create database "{name}" owner {OWNER} template {TEMPLATE} strategy file_copy'
            admin.execute(copy.encode())
        return cls(name)

    def _address(self, user: str) -> str:
        return os.environ["TEST_POSTGRES"].format(user=user, database=self.name)

    @property
    def url(self) -> str:
        return self._address(APPLICATION)

    @property
    def owner_url(self) -> str:
        return self._address(OWNER)

    @property
    def superuser_url(self) -> str:
        return self._address("postgres")

    def drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        with _superuser("postgres") as admin:
            admin.execute(f'drop database "{self.name}" with (force)'.encode())

    def remember_baseline(self) -> None:
        """Keeps a copy of what the template brought, where the application cannot see it."""
        self.connection = connection = _superuser(self.name)
        connection.execute("set session_replication_role = replica; set lock_timeout = '5s'")
        self.columns = dict(self._ask(TABLES))
        connection.execute("create schema baseline")
        for table in self.columns:
            if connection.execute(f'select exists (select from "{table}")'.encode()).fetchone() == (True,):
                connection.execute(f'create table baseline."{table}" as table public."{table}"'.encode())
                self.baseline[table] = Mark(0, 0)
        self.baseline = self._marks()

    def _marks(self) -> dict[str, Mark]:
        """Of every baseline table. Any write changes one of the two numbers."""
        parts = (
            f"select '{table}', count(*), coalesce(max(xmin::text::bigint), 0) from \"{table}\""
            for table in self.baseline
        )
        rows = self._ask(" union all ".join(parts)) if self.baseline else []
        return {table: Mark(*numbers) for table, *numbers in rows}

    def _ask(self, question: str) -> list[tuple[Any, ...]]:
        assert self.connection is not None
        return self.connection.execute(question.encode()).fetchall()

    def _filled(self) -> list[str]:
        others = [table for table in self.columns if table not in self.baseline]
        parts = [f"select '{table}' where exists (select from \"{table}\")" for table in others]
        return [table for (table,) in self._ask(" union all ".join(parts))] if parts else []

    def reset(self) -> None:
        """Undoes what was committed since `remember_baseline`. Sequences go on counting, as they do in life."""
        assert self.connection is not None
        filled, now = self._filled(), self._marks()
        changed = {table: mark for table, mark in now.items() if mark != self.baseline[table]}
        if not filled and not changed:
            return
        try:
            with self.connection.transaction():
                for table in filled:
                    self.connection.execute(f'delete from public."{table}"'.encode())
                for table in changed:
                    self._restore(table, self.baseline[table])
        except psycopg.errors.LockNotAvailable:
            raise AssertionError("this test left a transaction open: end its session before it returns") from None
        if changed:
            self.baseline = self._marks()

    def _restore(self, table: str, mark: Mark) -> None:
        """Takes away the new rows; where old ones were changed or deleted, puts all of them back."""
        assert self.connection is not None
        self.connection.execute(f'delete from public."{table}" where xmin::text::bigint > {mark.newest}'.encode())
        if self._ask(f'select count(*) from public."{table}"') == [(mark.rows,)]:
            return
        names = self.columns[table]
        copy = f'insert into public."{table}" ({names}) overriding system value select {names} from baseline."{table}"'
        self.connection.execute(f'delete from public."{table}"; {copy}'.encode())
