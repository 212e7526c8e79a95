"""What the clock hands to the queue: anew what was lost, nothing twice that only waits its turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis
from sqlalchemy.orm import Session

from app.outbox import send
from app.parts import Parts
from app.services.platform import outbox_message
from app.unit_of_work import unit_of_work
from config import Config
from jobs.clock import Dispatcher
from models.platform.outbox_message import OutboxMessage
from tests.platform.conftest import CLOCKWORK

LIST = "rq:queue:default"


@pytest.fixture
def queue(redis_url: str) -> Iterator[Redis]:
    """An empty queue whose worker never comes."""
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
        yield redis
        redis.flushdb()


@pytest.fixture
def dispatcher(scope: Session, queue: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Dispatcher:
    monkeypatch.setenv("REDIS_URL", redis_url)
    return Dispatcher(Parts(Config.from_environment()))


def _send(key: str) -> None:
    with unit_of_work(CLOCKWORK) as session:
        send(session, "any.job", key=key)


def _lease_ends() -> None:
    with unit_of_work(CLOCKWORK) as session:
        past = sa.func.now() - outbox_message.LEASE - timedelta(seconds=1)
        session.execute(sa.update(OutboxMessage).values(sent_at=past))


def _sends(session: Session) -> list[int]:
    return list(session.scalars(sa.select(OutboxMessage.sends).order_by(OutboxMessage.id)))


def test_what_waits_its_turn_behind_a_long_queue_is_not_handed_out_again(
    scope: Session, dispatcher: Dispatcher, queue: Redis
) -> None:
    """A second copy supersedes the first: behind a queue longer than a lease nothing would ever be done."""
    for key in ("one", "two"):
        _send(key)
    assert dispatcher.relay() == 2
    for _ in range(3):
        _lease_ends()
        assert dispatcher.relay() == 0
    assert (_sends(scope), queue.llen(LIST)) == ([1, 1], 2)


def test_what_a_worker_took_and_never_finished_is_handed_out_again(
    scope: Session, dispatcher: Dispatcher, queue: Redis
) -> None:
    _send("one")
    dispatcher.relay()
    queue.lpop(LIST)
    assert dispatcher.relay() == 0
    _lease_ends()
    assert dispatcher.relay() == 1
    assert _sends(scope) == [2]


def test_what_the_queue_forgot_is_handed_out_again(scope: Session, dispatcher: Dispatcher, queue: Redis) -> None:
    _send("one")
    dispatcher.relay()
    queue.flushdb()
    _lease_ends()
    assert dispatcher.relay() == 1
    assert (_sends(scope), queue.llen(LIST)) == ([2], 1)
