"""A command that arrives twice is done once."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.outbox import send
from app.services.platform import idempotency_key
from app.services.platform.idempotency_key import (
    Answer,
    IdempotencyInFlight,
    IdempotencyMismatch,
    answer,
    once,
    prune,
)
from app.unit_of_work import unit_of_work
from jobs.base import REGISTRY, load_all
from jobs.schedule import SCHEDULES
from models.actor import Actor, ActorKind
from models.errors import Conflict, GuardFailed, Refused
from models.platform.idempotency_key import IdempotencyKey
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now
from tests.platform.conftest import CLOCKWORK

REQUEST = {"listing": "a", "price": 24000}


def _command(key: str, request: dict[str, Any], effect: str) -> dict[str, Any]:
    with unit_of_work(CLOCKWORK) as session:

        def work() -> dict[str, Any]:
            send(session, "any.job", key=effect)
            return {"order": effect}

        return once(session, "checkout.submit:7", key, request, work)


def _effects(session: Session) -> list[str]:
    return list(session.scalars(sa.select(OutboxMessage.key).order_by(OutboxMessage.id)))


def test_the_second_sending_gets_the_first_answer_and_does_nothing(scope: Session) -> None:
    assert _command("k", REQUEST, "first") == {"order": "first"}
    assert _command("k", REQUEST, "second") == {"order": "first"}
    assert _effects(scope) == ["first"]


def test_the_order_of_the_fields_does_not_matter(scope: Session) -> None:
    _command("k", REQUEST, "first")
    assert _command("k", dict(reversed(REQUEST.items())), "second") == {"order": "first"}


def test_the_same_key_with_another_request_is_refused(scope: Session) -> None:
    _command("k", REQUEST, "first")
    with pytest.raises(IdempotencyMismatch, match="other contents"):
        _command("k", {**REQUEST, "price": 1}, "second")
    assert _effects(scope) == ["first"]


def test_another_key_is_another_command(scope: Session) -> None:
    _command("one", REQUEST, "first")
    _command("two", REQUEST, "second")
    assert _effects(scope) == ["first", "second"]


def test_another_persons_key_is_another_command(scope: Session) -> None:
    """Who learns or guesses a key gets neither its answer nor in its way."""

    def press(person: int) -> dict[str, Any]:
        with unit_of_work(Actor(ActorKind.buyer, user_id=person)) as session:
            return once(session, "checkout.start", "k", REQUEST, lambda: {"person": person})

    answers = [press(person) for person in (1, 2)]
    assert answers == [{"person": 1}, {"person": 2}]


def test_a_refused_command_leaves_no_key(scope: Session) -> None:
    def refuse() -> dict[str, Any]:
        raise GuardFailed("not now")

    with pytest.raises(GuardFailed), unit_of_work(CLOCKWORK) as session:
        once(session, "checkout.submit:7", "k", REQUEST, refuse)
    assert scope.scalar(sa.select(sa.func.count()).select_from(IdempotencyKey)) == 0
    assert _command("k", REQUEST, "later") == {"order": "later"}


@pytest.mark.parametrize("key", ["", "x" * 121])
def test_a_missing_or_endless_key_is_refused(scope: Session, key: str) -> None:
    with pytest.raises(Conflict, match="key is missing"):
        _command(key, REQUEST, "first")


def test_four_at_once_are_done_once_and_all_get_the_same_answer(scope: Session) -> None:
    answers: list[dict[str, Any]] = []
    together = threading.Barrier(4)

    def press(number: int) -> None:
        with sessions.session_scope():
            together.wait(5)
            try:
                answers.append(_command("k", REQUEST, f"effect-{number}"))
            except Refused as refusal:
                answers.append({"refused": str(refusal)})

    threads = [threading.Thread(target=press, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(15)
    (effect,) = _effects(scope)
    assert answers == [{"order": effect}] * 4


def _hold(key: str, started: threading.Event, go_on: threading.Event) -> threading.Thread:
    """Somebody else who is at work under this key until `go_on`."""

    def work() -> dict[str, Any]:
        started.set()
        assert go_on.wait(15)
        return {"order": "first"}

    def press() -> None:
        with sessions.session_scope(), unit_of_work(CLOCKWORK) as session:
            once(session, "checkout.submit:7", key, REQUEST, work)

    thread = threading.Thread(target=press)
    thread.start()
    assert started.wait(5)
    return thread


def test_a_program_is_told_at_once_that_the_first_sending_is_still_being_done(scope: Session) -> None:
    started, go_on = threading.Event(), threading.Event()
    thread = _hold("k", started, go_on)
    try:
        asked_at = time.monotonic()
        with pytest.raises(IdempotencyInFlight), unit_of_work(CLOCKWORK) as session:
            answer(session, "checkout.submit:7", "k", REQUEST, dict, wait=False)
        assert time.monotonic() - asked_at < 4
        with unit_of_work(CLOCKWORK) as session:  # another key is not held up
            assert not answer(session, "checkout.submit:7", "other", REQUEST, dict, wait=False).replayed
    finally:
        go_on.set()
        thread.join(5)
    with unit_of_work(CLOCKWORK) as session:
        found = answer(session, "checkout.submit:7", "k", REQUEST, dict, wait=False)
    assert found == Answer({"order": "first"}, replayed=True)


def test_a_person_waits_for_a_while_and_is_then_told(scope: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency_key, "PATIENCE", "200ms")
    started, go_on = threading.Event(), threading.Event()
    thread = _hold("k", started, go_on)
    try:
        with pytest.raises(IdempotencyInFlight, match="still being done"):
            _command("k", REQUEST, "second")
    finally:
        go_on.set()
        thread.join(5)
    assert _effects(scope) == []
    assert _command("k", REQUEST, "third") == {"order": "first"}


def test_whoever_waited_has_the_usual_patience_afterwards(scope: Session) -> None:
    started, go_on = threading.Event(), threading.Event()
    thread = _hold("k", started, go_on)
    usual = scope.scalar(sa.text("SHOW lock_timeout"))
    threading.Timer(0.3, go_on.set).start()
    with unit_of_work(CLOCKWORK) as session:
        assert once(session, "checkout.submit:7", "k", REQUEST, dict) == {"order": "first"}
        assert session.scalar(sa.text("SHOW lock_timeout")) == usual
    thread.join(5)


def test_when_the_first_sending_fails_the_one_that_waited_does_it(scope: Session) -> None:
    started, go_on = threading.Event(), threading.Event()

    def fail() -> dict[str, Any]:
        started.set()
        assert go_on.wait(15)
        raise GuardFailed("not now")

    def press() -> None:
        with sessions.session_scope(), pytest.raises(GuardFailed), unit_of_work(CLOCKWORK) as session:
            once(session, "checkout.submit:7", "k", REQUEST, fail)

    thread = threading.Thread(target=press)
    thread.start()
    assert started.wait(5)
    threading.Timer(0.3, go_on.set).start()
    assert _command("k", REQUEST, "second") == {"order": "second"}
    thread.join(5)


def test_keys_are_kept_for_thirty_days_and_then_forgotten(scope: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency_key, "BATCH", 2)
    for key in "abcd":
        _command(key, REQUEST, key)
    now = utc_now()
    ages = {"a": timedelta(days=30, seconds=1), "b": timedelta(days=60), "c": timedelta(days=31), "d": timedelta(29)}
    for key, age in ages.items():
        change = sa.update(IdempotencyKey).where(IdempotencyKey.key == key).values(created_at=now - age)
        scope.execute(change)
    assert [prune(scope, now=now), prune(scope, now=now)] == [2, 1]
    assert list(scope.scalars(sa.select(IdempotencyKey.key))) == ["d"]


def test_the_keys_are_pruned_every_day() -> None:
    (schedule,) = [one for one in SCHEDULES if one.job == "platform.idempotency_key.prune"]
    assert schedule.every == timedelta(days=1)
    load_all()
    assert schedule.job in REGISTRY
