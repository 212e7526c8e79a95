"""A command that arrives twice is done once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.outbox import send
from app.services.platform.idempotency_key import IdempotencyMismatch, once
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.errors import Conflict, GuardFailed, Refused
from models.platform.idempotency_key import IdempotencyKey
from models.platform.outbox_message import OutboxMessage
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
