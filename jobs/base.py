"""What every job shares: its registered name, its message, its transactions.

A job may run twice. It reads in `run.transaction()`, talks to the outside between transactions, and ends with
`run.finish()`, which keeps its effect and marks the message done in one commit.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import structlog
from sqlalchemy.orm import Session

from app import metrics, observability
from app.parts import Parts, assemble
from app.services.platform import outbox_message
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Invalid, NotFound

log = structlog.get_logger("jobs")
QUEUES = ("default", "paper", "mail")
REGISTRY: dict[str, tuple[str, Callable[..., None]]] = {}
PERMANENT = (Invalid, NotFound)
"""Answers that another attempt cannot change."""


class NotYet(Exception):  # noqa: N818
    """What the job waits for is not there: look again after `seconds`. Not a failure."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:g} s")
        self.seconds = seconds


@dataclass
class JobRun:
    """One run of one message."""

    message_id: int
    number: int
    name: str
    parts: Parts
    request_id: str = ""
    finished: bool = False

    @property
    def actor(self) -> Actor:
        """Clockwork, under the job's name."""
        return Actor.system(self.name, self.request_id)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A step whose result is kept whether or not the job comes to its end."""
        with unit_of_work(self.actor) as session:
            yield session

    @contextmanager
    def finish(self) -> Iterator[Session]:
        """The last step: its effect and the message's `done` are one commit. A superseded copy keeps nothing."""
        with unit_of_work(self.actor) as session:
            yield session
            outbox_message.finish(session, self.message_id, self.number)
        self.finished = True


def job(name: str, *, queue: str = "default") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers a function `(run, **payload)` under the name that outbox rows carry."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        if queue not in QUEUES:
            raise RuntimeError(f"{name}: no worker listens to the queue {queue}")
        REGISTRY[name] = (queue, function)
        return function

    return register


@cache
def load_all() -> None:
    """Imports every job and every verb, so that each name, each guard and each timer's verb is known."""
    import jobs
    from app import services

    for package in (jobs, services):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.count(".") >= 2:  # noqa: PLR2004  jobs.<area>.<noun>, app.services.<area>
                importlib.import_module(found.name)


@lru_cache(maxsize=1)
def worker_parts() -> Parts:
    """The parts of this process; made once, before the first fork."""
    return assemble()


def perform(message_id: int, number: int) -> None:
    """What the queue calls. Never raises for a job's own failure: the outbox row keeps the count and the reason."""
    load_all()
    with session_scope():
        with unit_of_work(Actor.system("outbox")) as session:
            message = outbox_message.take(session, message_id, number)
            if message is None:
                return
            name, payload = message.job, dict(message.payload)
            request_id, traceparent = message.request_id, message.traceparent
        run = JobRun(message_id, number, name, worker_parts(), request_id)
        with observability.job_context(name, request_id, traceparent):
            _run(run, payload)


def _function(name: str) -> Callable[..., None]:
    if name not in REGISTRY:
        raise NotFound(f"no job is called {name}")
    return REGISTRY[name][1]


def _run(run: JobRun, payload: dict[str, Any]) -> None:
    metrics.count_job(run.parts.redis, run.name, _outcome(run, payload))


def _outcome(run: JobRun, payload: dict[str, Any]) -> str:
    """Runs it and says what became of the message: done, postponed, superseded, failed or dead."""
    try:
        _function(run.name)(run, **payload)
        if not run.finished:
            with run.finish():
                pass
    except NotYet as wait:
        with unit_of_work(run.actor) as session:
            outbox_message.postpone(session, run.message_id, run.number, wait.seconds)
        return "postponed"
    except outbox_message.Superseded:
        log.info("superseded", job=run.name, message=run.message_id)
        return "superseded"
    except Exception as error:
        permanent = isinstance(error, PERMANENT)
        log.warning("job failed", job=run.name, message=run.message_id, error=repr(error), exc_info=not permanent)
        with unit_of_work(run.actor) as session:
            text = f"{type(error).__name__}: {error}"
            dead = outbox_message.fail(session, run.message_id, run.number, text, permanent=permanent)
        return "dead" if dead else "failed"
    log.info("job done", job=run.name, message=run.message_id)
    return "done"
