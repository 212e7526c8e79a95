"""From a committed outbox row to a finished job, through clock, queue and worker, against RQ alone.

Both workers fork for every job. Ours is the worker that the supervisor runs; the bare one is started here.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import psycopg
from rq import Queue

from app.embedded import leashed
from app.outbox import send
from app.parts import Parts
from app.services.platform import outbox_message
from app.session import session_scope
from app.unit_of_work import unit_of_work
from jobs.base import perform
from models.actor import Actor
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now
from tools.bench.paired import Cost, Pair, cost, statements

_MANY = 10
_PATIENCE = 60.0
_JOB = "platform.heartbeat.worker"
_ACTOR = Actor.system("bench")
_WORKER = """
import sys
from redis import Redis
from rq import Queue, Worker
redis = Redis.from_url(sys.argv[1])
queue = Queue("bench", connection=redis, serializer="json")
Worker([queue], connection=redis, serializer="json").work(logging_level="ERROR")
"""


def pair(parts: Parts) -> Pair:
    """Ten jobs per sample, committed (enqueued) at once. The bare worker ends with this process."""
    look = psycopg.connect(parts.config.database_url, autocommit=True)
    queue = Queue("bench", connection=parts.redis, serializer="json")
    argv = leashed([sys.executable, "-c", _WORKER, parts.config.redis_url], signal.SIGKILL)
    subprocess.Popen(argv)  # on its leash: it ends with us
    per_job = _statements_per_job()

    def ours() -> float:
        keys = [f"bench:{uuid4()}" for _ in range(_MANY)]
        with session_scope(), unit_of_work(_ACTOR) as session:
            for key in keys:
                send(session, _JOB, key=key)
        done = "SELECT count(*) FROM outbox_message WHERE key = ANY(%s) AND done_at IS NOT NULL"
        _until(lambda: look.execute(done, (keys,)).fetchone() == (_MANY,))
        return per_job * _MANY

    def bare() -> float:
        jobs = [queue.enqueue("builtins.abs", -1, result_ttl=60) for _ in range(_MANY)]
        _until(lambda: all(job.get_status() == "finished" for job in jobs))
        return 0.0

    return Pair(
        "outbox",
        "ten jobs from commit to done through outbox, clock, queue and worker, against RQ alone",
        lambda: _measured(ours),
        lambda: _measured(bare),
    )


def _measured(work: Callable[[], float]) -> Cost:
    return cost(_MANY, work, everywhere=True)


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the jobs were not done in time")
        time.sleep(0.002)


def _statements_per_job() -> int:
    """One message followed by hand, in this process, because the statements of other processes can't be seen here."""
    key = f"bench:{uuid4()}"
    with statements() as seen:
        with session_scope(), unit_of_work(_ACTOR) as session:
            send(session, _JOB, key=key, not_before=utc_now() + timedelta(hours=1))  # out of the clock's sight
        with session_scope(), unit_of_work(_ACTOR) as session:
            claim = outbox_message.hand_out(session.query(OutboxMessage).filter_by(key=key).one())
        perform(claim.id, claim.number)
    return len(seen)
