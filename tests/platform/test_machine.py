"""`apply`: lock, legality, guard, history, timers; refused means nothing changed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.platform import machine
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.errors import GuardFailed, IllegalMove, Refused
from models.people.seller import Seller, SellerState
from models.platform.transition import Transition
from tests.platform.conftest import CLOCKWORK

SUBMITTER = Actor(ActorKind.seller)
OPERATOR = Actor.operator(1)


@pytest.fixture
def open_guards(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], Any]:
    """No guards but those the test sets."""
    guards: dict[tuple[str, str], Any] = {}
    monkeypatch.setattr(machine, "_guards", guards)
    return guards


def _history(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Transition.event).order_by(Transition.id)))


def test_a_move_is_made_and_told(scope: Session, seller: Seller, open_guards: Any) -> None:
    with unit_of_work(SUBMITTER) as session:
        row = session.get_one(Seller, seller.id)
        moved = machine.apply(session, row, "submit_kyc", actor=SUBMITTER)
        assert moved.id is not None
        assert session.info["verb"] == "seller.submit_kyc"
    assert row.state is SellerState.kyc_pending
    assert _history(scope) == ["submit_kyc"]


def test_a_refused_guard_leaves_no_trace(scope: Session, seller: Seller, open_guards: Any) -> None:
    open_guards["seller", "submit_kyc"] = [lambda *_: "Trader details are missing."]
    with pytest.raises(GuardFailed, match="Trader details are missing"), unit_of_work(SUBMITTER) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "submit_kyc", actor=SUBMITTER)
    assert _history(scope) == []
    assert scope.get_one(Seller, seller.id).state is SellerState.applied


def test_a_guard_sees_the_arguments_of_the_event(scope: Session, seller: Seller, open_guards: Any) -> None:
    seen: dict[str, Any] = {}
    open_guards["seller", "submit_kyc"] = [lambda _session, _row, arguments: seen.update(arguments)]
    with unit_of_work(SUBMITTER) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "submit_kyc", actor=SUBMITTER, papers=3)
    assert seen == {"papers": 3}


def test_of_several_guards_the_first_that_refuses_answers(scope: Session, seller: Seller, open_guards: Any) -> None:
    machine.guard("seller", "submit_kyc")(lambda *_: None)
    machine.guard("seller", "submit_kyc")(lambda *_: "Trader details are missing.")
    machine.guard("seller", "submit_kyc")(lambda *_: "Too late.")
    with pytest.raises(GuardFailed, match="Trader details"), unit_of_work(SUBMITTER) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "submit_kyc", actor=SUBMITTER)


def test_two_at_once_make_one_move(scope: Session, seller: Seller, open_guards: Any) -> None:
    """The second waits for the row, sees the new state and is refused."""
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def press() -> None:
        with sessions.session_scope():
            try:
                with unit_of_work(SUBMITTER) as session:
                    row = session.get_one(Seller, seller.id)
                    together.wait(5)
                    machine.apply(session, row, "submit_kyc", actor=SUBMITTER)
                outcomes.append("moved")
            except Refused as refusal:
                outcomes.append(type(refusal).__name__)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert sorted(outcomes) == ["IllegalMove", "moved"]
    assert _history(scope) == ["submit_kyc"]


def test_choices_are_the_party_s_own_with_the_reason_of_a_refusal(
    scope: Session, seller: Seller, open_guards: Any
) -> None:
    open_guards["seller", "submit_kyc"] = [lambda *_: "Trader details are missing."]
    with unit_of_work(CLOCKWORK) as session:
        row = session.get_one(Seller, seller.id)
        mine = machine.choices(session, row, ActorKind.seller)
        theirs = machine.choices(session, row, ActorKind.operator)
    assert [(choice.move.event, choice.refusal) for choice in mine] == [("submit_kyc", "Trader details are missing.")]
    assert theirs == []


def test_an_event_of_another_state_is_refused(scope: Session, seller: Seller, open_guards: Any) -> None:
    with pytest.raises(IllegalMove), unit_of_work(OPERATOR) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "lift", actor=OPERATOR)


def test_history_cannot_be_altered_by_the_application(scope: Session, seller: Seller, open_guards: Any) -> None:
    with unit_of_work(SUBMITTER) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "submit_kyc", actor=SUBMITTER)
    for change in ("update transition set reason = 'other'", "delete from transition"):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), unit_of_work(CLOCKWORK) as session:
            session.execute(sa.text(change))
