"""The one clock: inserts due schedules, claims due timers and feeds the queue from the outbox.

A PostgreSQL advisory lock makes it the only one; a second waits. Redis away: it keeps trying, the rows keep everything.
"""

from __future__ import annotations

import sys
import time

import psycopg
import structlog
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from sqlalchemy.exc import OperationalError

from app import observability
from app.outbox import CHANNEL
from app.parts import Parts
from app.services.platform import clock, heartbeat, outbox_message, timer
from app.session import session_scope
from app.unit_of_work import unit_of_work
from jobs.base import worker_parts
from jobs.schedule import insert_due
from models.actor import Actor
from models.platform.outbox_message import OutboxMessage

log = structlog.get_logger("clock")
LOCK = 4_242_001
ACTOR = Actor.system("clock")
TICK = 1.0
BEAT = 5.0
RESULT_SECONDS = 60
LONGEST_JOB_SECONDS = int(outbox_message.LEASE.total_seconds()) - 5
"""A job ends before its lease does, so that its message's next copy never runs beside it."""


class Dispatcher:
    """Feeds RQ from outbox rows; the queue may lose anything at any time."""

    def __init__(self, parts: Parts) -> None:
        self.redis = parts.redis
        self.queues: dict[str, Queue] = {}

    def relay(self) -> int:
        """Hands out what is due and what the queue has lost; answers how many. Raises RedisError: nothing changed."""
        with unit_of_work(ACTOR) as session:
            lost = [m for m in outbox_message.perhaps_lost(session) if not self._known(m.id, m.sends)]
            due = {m.id: m for m in [*outbox_message.to_send(session), *lost]}
            return sum(self._hand_out(message) for message in due.values())

    def _hand_out(self, message: OutboxMessage) -> bool:
        """False for one that still stands in the queue: a second copy would supersede it, and behind a queue longer
        than a lease no copy would ever be the newest."""
        if message.sent_at is not None and self._queued(message):
            outbox_message.lease_again(message)
            return False
        self._enqueue(outbox_message.hand_out(message))
        return True

    def _queued(self, message: OutboxMessage) -> bool:
        key = Queue(message.queue, connection=self.redis, serializer="json").key
        return self.redis.lpos(key, _job_id(message.id, message.sends)) is not None

    def _known(self, message_id: int, number: int) -> bool:
        return bool(Job.exists(_job_id(message_id, number), connection=self.redis))

    def _enqueue(self, claim: outbox_message.Claim) -> None:
        if claim.queue not in self.queues:
            self.queues[claim.queue] = Queue(claim.queue, connection=self.redis, serializer="json")
        self.queues[claim.queue].enqueue(
            "jobs.base.perform",
            claim.id,
            claim.number,
            job_id=_job_id(claim.id, claim.number),
            job_timeout=LONGEST_JOB_SECONDS,
            result_ttl=RESULT_SECONDS,
            failure_ttl=RESULT_SECONDS,
            description=claim.job,
        )


def _job_id(message_id: int, number: int) -> str:
    return f"ob-{message_id}-{number}"


def turn() -> None:
    """Whatever the clock itself owes: schedules and timers become outbox rows."""
    with unit_of_work(ACTOR) as session:
        insert_due(session, clock.now())
        timer.claim_due(session)


def main() -> None:
    """Runs until told to stop; ends with a sentence when its database connection breaks, and is started again."""
    parts = worker_parts()
    observability.setup(parts.config.log_level, "clock", parts.config.otel_exporter_otlp_endpoint)
    try:
        with psycopg.connect(parts.config.database_url, autocommit=True) as own:
            own.execute("select pg_advisory_lock(%s)", (LOCK,))
            own.execute(f"listen {CHANNEL}")
            _run(parts, own)
    except (psycopg.OperationalError, OperationalError) as error:
        sys.exit(f"clock: the database does not answer ({str(error).splitlines()[0]})")


def _run(parts: Parts, own: psycopg.Connection) -> None:
    dispatcher = Dispatcher(parts)
    turned = beaten = 0.0
    while True:
        now = time.monotonic()
        sent = 0
        with session_scope():
            if now - turned >= TICK:
                turned = now
                turn()
            try:
                sent = dispatcher.relay()
            except RedisError as error:
                log.warning("queue away", error=str(error))
            if now - beaten >= BEAT:
                beaten = now
                with unit_of_work(ACTOR) as session:
                    heartbeat.beat(session, "clock")
        if not sent:
            next(iter(own.notifies(timeout=TICK, stop_after=1)), None)


if __name__ == "__main__":
    main()
