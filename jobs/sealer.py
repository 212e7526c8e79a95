"""The sealer: about once a second every waiting row gets its place in its chain; heads are published every minute in
which they moved, and once a day (UTC) in any case.

Several may run: a chain is locked while a block closes. It does nothing but this, so a long job never delays a seal.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from datetime import date, datetime

import structlog
from sqlalchemy.exc import OperationalError

from app import observability
from app.parts import Parts
from app.services.platform import heartbeat, seal, seal_head
from app.session import session_scope
from app.unit_of_work import unit_of_work
from jobs.base import worker_parts
from models.actor import Actor
from models.errors import Refused
from models.types import utc_now

log = structlog.get_logger("sealer")
ACTOR = Actor.system("sealer")
TICK = 1.0
BEAT = 5.0
PUBLISH = 60.0
"""Seconds."""


@dataclass
class Sealer:
    """What it remembers between turns: which heads are out, for which day, and when it last did what."""

    parts: Parts
    published: dict[str, seal.Head] = field(default_factory=dict)
    dated: dict[str, date] = field(default_factory=dict)
    beaten: float = float("-inf")
    told: float = float("-inf")

    def turn(self, now: float) -> int:
        """Closes blocks until nothing waits, answers how many. `now` is a monotonic clock in seconds."""
        closed = seal_waiting()
        if now - self.beaten >= BEAT:
            self.beaten = now
            with unit_of_work(ACTOR) as session:
                heartbeat.beat(session, "sealer")
        if now - self.told >= PUBLISH:
            self.told = now
            self.publish()
        return closed

    def publish(self) -> None:
        """Publishes the heads that moved, and the first of each day. Storage away: the next minute's turn tries again.

        The day is the real one, never a development clock's: heads are kept by people outside.
        """
        with unit_of_work(ACTOR) as session:
            heads = [head for chain in seal.chains(session) if (head := seal.head(session, chain))]
        for head in heads:
            try:
                self._publish(head, utc_now())
            except Refused as error:
                log.warning("head not published", chain=head.chain, height=head.height, error=str(error))

    def _publish(self, head: seal.Head, at: datetime) -> None:
        storage, key = self.parts.storage, seal_head.signer(self.parts.config.seal_signing_key)
        if self.dated.get(head.chain) != at.date():
            seal_head.publish_day(storage, head, key, at=at)
            self.dated[head.chain] = at.date()
        if self.published.get(head.chain) != head:
            seal_head.publish(storage, head, key, at=at)
            self.published[head.chain] = head


def seal_waiting() -> int:
    """One block after another, each its own transaction, until no row of any chain waits. Answers how many."""
    with unit_of_work(ACTOR) as session:
        names = seal.chains(session)
    closed = 0
    for chain in names:
        while _close(chain) is not None:
            closed += 1
    return closed


def _close(chain: str) -> int | None:
    with unit_of_work(ACTOR) as session:
        return seal.close_block(session, chain)


def main() -> None:
    """Runs until told to stop; ends with a sentence when the database goes away, and is started again."""
    parts = worker_parts()
    observability.setup(parts.config.log_level, "sealer", parts.config.otel_exporter_otlp_endpoint)
    sealer = Sealer(parts)
    try:
        while True:
            with session_scope():
                sealer.turn(time.monotonic())
            time.sleep(TICK)
    except OperationalError as error:
        sys.exit(f"sealer: the database does not answer ({str(error).splitlines()[0]})")


if __name__ == "__main__":
    main()
