"""The simulator's memory: one SQLite file, one writer at a time, nothing half-done after a kill -9."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.simulators.payments.errors import missing

Thing = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS thing_kind ON thing (kind, seq);
CREATE INDEX IF NOT EXISTS thing_intent ON thing (kind, json_extract(body, '$.payment_intent'));
CREATE TABLE IF NOT EXISTS answer (
  key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER, body TEXT, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY, event TEXT NOT NULL, state TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL,
  last_status INTEGER, last_error TEXT, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due);
CREATE TABLE IF NOT EXISTS alarm (
  id INTEGER PRIMARY KEY, due REAL NOT NULL, verb TEXT NOT NULL, thing TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS shuffle (delivery INTEGER PRIMARY KEY, family TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS content (file TEXT PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Work:
    """One transaction. Things are JSON documents; names that begin with `_` never leave the simulator."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Run one statement."""
        return self.connection.execute(sql, values).fetchall()

    def now(self) -> float:
        """The simulator's clock in seconds since 1970 UTC: the real one, moved by `clock_offset_s`."""
        return time.time() + self.setting("clock_offset_s", 0)

    def setting(self, name: str, default: int) -> int:
        """A number that outlives restarts."""
        found = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return int(found[0]["value"]) if found else default

    def set(self, name: str, value: int) -> None:
        """Keep a number."""
        sql = "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self.rows(sql, name, value)

    def new(self, prefix: str, kind: str, **fields: Any) -> Thing:
        """Store a new thing of a kind under a fresh id."""
        created = self.now()
        thing = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, "created": int(created), "livemode": False}
        thing |= fields
        sql = "INSERT INTO thing (id, kind, created, body) VALUES (?, ?, ?, ?)"
        self.rows(sql, thing["id"], kind, created, json.dumps(thing))
        return thing

    def save(self, thing: Thing) -> Thing:
        """Write a changed thing back."""
        self.rows("UPDATE thing SET body = ? WHERE id = ?", json.dumps(thing), thing["id"])
        return thing

    def get(self, kind: str, identity: str) -> Thing:
        """The thing, or ApiError 404."""
        found = self.rows("SELECT body FROM thing WHERE id = ? AND kind = ?", identity, kind)
        if not found:
            raise missing(kind, identity)
        thing: Thing = json.loads(found[0]["body"])
        return thing

    def find(
        self, kind: str, where: Mapping[str, str] | None = None, *, limit: int = 10, after: str = "", since: float = 0
    ) -> list[Thing]:
        """Things of a kind, newest first; `where` maps a JSON path to the text that must stand there."""
        sql, values = "SELECT body FROM thing WHERE kind = ? AND created >= ?", [kind, since]
        for path, value in (where or {}).items():
            sql += " AND json_extract(body, ?) = ?"
            values += [path, value]
        if after:
            sql += " AND seq < (SELECT seq FROM thing WHERE id = ?)"
            values.append(after)
        return [json.loads(row["body"]) for row in self.rows(f"{sql} ORDER BY seq DESC LIMIT ?", *values, limit)]

    def alarm(self, seconds: float, verb: str, thing: Thing) -> None:
        """Let `verb` happen to the thing once the clock has moved on that far."""
        self.rows("INSERT INTO alarm (due, verb, thing) VALUES (?, ?, ?)", self.now() + seconds, verb, thing["id"])


class Store:
    """Opens the file; every `work()` is one immediate transaction with a connection of its own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        with self.work() as work:
            work.connection.executescript(SCHEMA)
        with self.work() as work:
            # The work and its kept answer share one transaction: a key still open here belongs to work that never was.
            work.rows("DELETE FROM answer WHERE status IS NULL")

    def clear(self) -> None:
        """Forget everything, knobs and clock too."""
        with self.work() as work:
            for table in ("thing", "answer", "delivery", "alarm", "shuffle", "content", "setting"):
                work.rows(f"DELETE FROM {table}")  # noqa: S608  fixed names

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Commit when the block ends, roll back when it raises."""
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            yield Work(connection)
            if connection.in_transaction:
                connection.execute("COMMIT")
        finally:
            connection.close()


def public(thing: Thing) -> Thing:
    """The thing as outsiders may see it."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}
