"""What happens to a message when its job is run: kept once, tried again, given up, never twice."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry import trace
from redis import Redis
from sqlalchemy.orm import Session

from app import metrics, observability
from app.outbox import send
from app.parts import Parts
from app.services.platform import heartbeat, outbox_message
from app.unit_of_work import unit_of_work
from config import Config
from jobs import base
from jobs.base import JobRun, NotYet
from models.errors import Invalid, Unavailable
from models.platform.outbox_message import OutboxMessage
from tests.platform.conftest import CLOCKWORK

Function = Callable[..., None]


@pytest.fixture
def perform(scope: Session, monkeypatch: pytest.MonkeyPatch, redis_url: str) -> Iterator[Callable[[Function], int]]:
    """Sends a message whose job is the given function, hands it out and runs it as the queue would."""
    parts = Parts(Config.from_environment({**_environment(), "REDIS_URL": redis_url}))
    monkeypatch.setattr(base, "worker_parts", lambda: parts)
    monkeypatch.setattr(base, "load_all", lambda: None)

    def run(function: Function) -> int:
        monkeypatch.setitem(base.REGISTRY, "test.job", ("default", function))
        with unit_of_work(CLOCKWORK) as session:
            send(session, "test.job", key="one", payload={"what": "it"})
            (message,) = outbox_message.to_send(session)
            claim = outbox_message.hand_out(message)
        base.perform(claim.id, claim.number)
        return claim.id

    yield run
    parts.redis.delete(metrics.JOBS_KEY)


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


def _message(session: Session, ident: int) -> OutboxMessage:
    return session.get_one(OutboxMessage, ident, populate_existing=True)


def test_the_effect_and_the_end_of_the_message_are_one_commit(scope: Session, perform: Any) -> None:
    def effect(run: JobRun, *, what: str) -> None:
        with run.finish() as session:
            heartbeat.beat(session, what)

    message = _message(scope, perform(effect))
    assert message.done_at is not None
    assert set(heartbeat.ages(scope)) == {"it"}


def test_a_job_that_forgets_to_finish_is_finished(scope: Session, perform: Any) -> None:
    assert _message(scope, perform(lambda run, *, what: None)).done_at is not None


def test_a_failing_job_keeps_nothing_of_its_last_step_and_is_tried_again(scope: Session, perform: Any) -> None:
    def effect(run: JobRun, *, what: str) -> None:
        with run.finish() as session:
            heartbeat.beat(session, what)
            raise Unavailable("the provider does not answer")

    message = _message(scope, perform(effect))
    assert (message.failures, message.dead_at, message.sent_at, message.done_at) == (1, None, None, None)
    assert message.last_error == "Unavailable: the provider does not answer"
    assert heartbeat.ages(scope) == {}


def test_an_answer_that_cannot_change_is_given_up_at_once(scope: Session, perform: Any) -> None:
    def effect(run: JobRun, *, what: str) -> None:
        raise Invalid("there is no such order")

    assert _message(scope, perform(effect)).dead_at is not None


def test_not_yet_is_looked_at_later_without_counting(scope: Session, perform: Any) -> None:
    def effect(run: JobRun, *, what: str) -> None:
        raise NotYet(30)

    message = _message(scope, perform(effect))
    assert (message.failures, message.done_at, message.sent_at) == (0, None, None)


def test_a_copy_that_was_superseded_meanwhile_keeps_nothing(scope: Session, perform: Any) -> None:
    def effect(run: JobRun, *, what: str) -> None:
        with run.transaction() as session:
            session.execute(sa.update(OutboxMessage).values(sends=2))
        with run.finish() as session:
            heartbeat.beat(session, what)

    message = _message(scope, perform(effect))
    assert (message.done_at, message.failures) == (None, 0)
    assert heartbeat.ages(scope) == {}


def test_a_copy_that_was_superseded_while_it_was_failing_counts_nothing(scope: Session, perform: Any) -> None:
    def effect(run: JobRun, *, what: str) -> None:
        with run.transaction() as session:
            session.execute(sa.update(OutboxMessage).values(sends=2), execution_options={"synchronize_session": False})
        raise Unavailable("the provider does not answer")

    message = _message(scope, perform(effect))
    assert (message.failures, message.last_error) == (0, "")
    assert message.sent_at is not None


def test_a_copy_that_comes_too_late_is_not_even_begun(scope: Session, perform: Any) -> None:
    begun: list[str] = []

    def effect(run: JobRun, *, what: str) -> None:
        begun.append(what)

    ident = perform(effect)
    base.perform(ident, 1)
    base.perform(ident, 2)
    assert begun == ["it"]


def test_a_name_nobody_knows_is_a_dead_letter_with_the_name(scope: Session, perform: Any) -> None:
    def effect(run: JobRun, *, what: str) -> None: ...

    with unit_of_work(CLOCKWORK) as session:
        send(session, "no.such.job", key="two")
        (message,) = outbox_message.to_send(session)
        claim = outbox_message.hand_out(message)
    perform(effect)
    base.perform(claim.id, claim.number)
    message = _message(scope, claim.id)
    assert message.dead_at is not None
    assert "no job is called no.such.job" in message.last_error


def test_a_queue_without_a_worker_is_refused_when_the_job_is_written() -> None:
    with pytest.raises(RuntimeError, match="no worker listens to the queue slow"):
        base.job("any.job", queue="slow")(lambda run: None)


def test_outcomes_are_counted(scope: Session, perform: Any, redis_url: str) -> None:
    perform(lambda run, *, what: None)
    assert list(metrics.job_counts(Redis.from_url(redis_url))) == [("test.job", "done", 1)]


def test_request_and_trace_reach_the_log_of_the_job(
    scope: Session, perform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the edge into the outbox row, from the row into every line the job writes."""
    lines = io.StringIO()
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stdout", lines)
    observability.setup("INFO", "worker")
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    try:
        with observability.job_context("edge", "request-7", f"00-{trace_id}-b7ad6b7169203331-01"):
            ident = perform(lambda run, *, what: observability.structlog.get_logger("mine").info("at work"))
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
    told = {line["event"]: line for line in map(json.loads, lines.getvalue().splitlines())}
    assert _message(scope, ident).request_id == "request-7"
    for event in ("at work", "job done"):
        assert told[event]["request_id"] == "request-7"
        assert told[event]["trace_id"] == trace_id
        assert told[event]["process"] == "worker"
    assert not trace.get_current_span().get_span_context().is_valid
