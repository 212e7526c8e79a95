"""What came in: one SQLite file, the newest mails only."""

from __future__ import annotations

import email
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from pathlib import Path
from typing import Any

MOST = 2_000
_SCHEMA = """CREATE TABLE IF NOT EXISTS mail (
  id INTEGER PRIMARY KEY, came REAL NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL, raw BLOB NOT NULL)"""

_SELECT = "SELECT id, came, sender, recipients, raw FROM mail"


@dataclass(frozen=True)
class Received:
    """One mail as it came, with its envelope."""

    id: int
    came: float
    sender: str
    recipients: list[str]
    raw: bytes

    @cached_property
    def parsed(self) -> EmailMessage:
        """The mail as headers and parts."""
        return email.message_from_bytes(self.raw, policy=default)

    @property
    def at(self) -> str:
        """When it came, UTC."""
        return datetime.fromtimestamp(self.came, UTC).strftime("%d %b %H:%M:%S")

    def header(self, name: str) -> str:
        """A header's text, empty when there is none."""
        return str(self.parsed.get(name, ""))

    def body(self, kind: str) -> str:
        """The text of a part: `plain` or `html`."""
        part = self.parsed.get_body((kind,))
        return str(part.get_content()) if part is not None else ""

    def told(self) -> dict[str, Any]:
        """For programs."""
        return {
            "id": self.id,
            "came": self.came,
            "from": self.sender,
            "to": self.recipients,
            "subject": self.header("Subject"),
            "headers": {name: str(value) for name, value in self.parsed.items()},
            "text": self.body("plain"),
            "html": self.body("html"),
        }


class Store:
    """A connection for each piece of work: SMTP and the page are two threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.execute(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=10)
        try:
            with database:
                yield database
        finally:
            database.close()

    def keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Adds one; the oldest beyond MOST are forgotten."""
        with self._open() as database:
            values = (time.time(), sender, json.dumps(recipients), raw)
            database.execute("INSERT INTO mail (came, sender, recipients, raw) VALUES (?, ?, ?, ?)", values)
            database.execute("DELETE FROM mail WHERE id <= (SELECT max(id) FROM mail) - ?", (MOST,))

    def newest(self, *, to: str = "", limit: int = 100) -> list[Received]:
        """The newest first; `to` is part of a recipient's address."""
        sql = f"{_SELECT} WHERE instr(lower(recipients), ?) > 0 ORDER BY id DESC LIMIT ?"
        with self._open() as database:
            return [self._read(row) for row in database.execute(sql, (to.lower(), limit))]

    def get(self, ident: int) -> Received | None:
        """One mail."""
        with self._open() as database:
            row = database.execute(f"{_SELECT} WHERE id = ?", (ident,)).fetchone()
        return self._read(row) if row else None

    def clear(self) -> None:
        """Forgets everything."""
        with self._open() as database:
            database.execute("DELETE FROM mail")

    def _read(self, row: tuple[int, float, str, str, bytes]) -> Received:
        return Received(row[0], row[1], row[2], json.loads(row[3]), row[4])
