"""What the crash test knows of the product it runs against: its addresses, its database, the provider's own books.

It reads both databases as an auditor would, past the product's code; it writes only as people do, over HTTP.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

UNDECIDED = frozenset({"under_review", "warning_under_review"})


@dataclass(frozen=True)
class World:
    """One running product. `folder` holds its log, `served.log`."""

    base_url: str
    provider_url: str
    database_url: str
    provider_state: Path
    folder: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> World:
        """The one whose environment this is."""
        state = Path(environ["PAYMENTS_STATE"])
        return cls(environ["BASE_URL"], environ["PAYMENTS_URL"], environ["DATABASE_URL"], state, state.parent)

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the product's database. Raises psycopg.OperationalError while it is away."""
        address = "postgresql" + self.database_url[self.database_url.index("://") :]
        with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(question.encode(), values).fetchall()

    def provider_things(self, kind: str) -> list[dict[str, Any]]:
        """Everything of a kind that the provider has on its books, as it keeps it."""
        return [json.loads(body) for (body,) in self._provider("SELECT body FROM thing WHERE kind = ?", kind)]

    def deliveries_waiting(self) -> int:
        """Webhooks that the provider still has to deliver."""
        return int(self._provider("SELECT count(*) FROM delivery WHERE state = 'pending'")[0][0])

    def knobs(self, **wanted: int) -> None:
        """Makes the provider misbehave. Raises httpx.HTTPError when it is away."""
        httpx.post(f"{self.provider_url}/_knobs", json=wanted, timeout=5, trust_env=False).raise_for_status()

    def good_weather(self) -> None:
        """The provider behaves again."""
        httpx.delete(f"{self.provider_url}/_knobs", timeout=5, trust_env=False).raise_for_status()

    def banks_decide(self) -> int:
        """Cases that lie at a bank are decided, won and lost in turn; answers how many. A bank decides within months,
        and until it has, nothing else may move: only then has the money a way out."""
        waiting = [one for one in self.provider_things("dispute") if one["status"] in UNDECIDED]
        for place, one in enumerate(waiting):
            inquiry = one["status"].startswith("warning")
            outcome = "warning_closed" if inquiry else ("won", "lost")[place % 2]
            address = f"{self.provider_url}/_disputes/{one['id']}"
            httpx.post(address, json={"outcome": outcome}, timeout=5, trust_env=False).raise_for_status()
        return len(waiting)

    def ready(self) -> bool:
        """Whether every part of the product answers."""
        try:
            return httpx.get(f"{self.base_url}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def unexpected(self) -> list[str]:
        """What the web wrote down as an error of ours: which page, and the last line of the trace; each once."""
        log = (self.folder / "served.log").read_text(encoding="utf-8", errors="replace")
        found = [json.loads(line[line.index("{") :]) for line in log.splitlines() if '"unexpected"' in line]
        said = [f"{one.get('path')}: {one.get('exception', '').strip().splitlines()[-1:]}" for one in found]
        return list(dict.fromkeys(said))

    def _provider(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.provider_state}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()
