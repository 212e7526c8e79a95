"""Timers are rows: armed on entering a state, fired once, late is harmless, refused is set again, left is cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.platform import clock, machine, timer
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.errors import GuardFailed
from models.people.organisation import Organisation, OrganisationKind
from models.people.seller import Seller, SellerState
from models.platform.outbox_message import OutboxMessage
from models.platform.timer import TimerRow, TimerState
from models.platform.transition import Transition
from tests.platform.conftest import CLOCKWORK

MONTH = timedelta(days=30)
SUBMITTER, OPERATOR = Actor(ActorKind.seller), Actor.operator(1)


@pytest.fixture
def lapse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Sets what the timer of an applied seller does; the plain move unless a test says otherwise."""
    monkeypatch.setattr(machine, "_guards", {})

    def use(verb: Callable[..., Any]) -> None:
        monkeypatch.setitem(timer._handlers, ("seller", "lapse"), verb)

    use(lambda session, row, *, actor: machine.apply(session, row, "lapse", actor=actor))
    return use


def _timers(session: Session) -> list[TimerRow]:
    return list(session.scalars(sa.select(TimerRow).order_by(TimerRow.id).execution_options(populate_existing=True)))


def _fire(timer_id: int, by: timedelta = MONTH + timedelta(seconds=1)) -> None:
    with clock.moved(by), unit_of_work(CLOCKWORK) as session:
        timer.fire(session, timer_id)


def test_entering_a_state_arms_its_timer(scope: Session, seller: Seller) -> None:
    (row,) = _timers(scope)
    assert (row.machine, row.event, row.from_state, row.state) == ("seller", "lapse", "applied", TimerState.waiting)
    assert row.due_at == seller.state_entered_at + MONTH


def test_leaving_the_state_cancels_it_and_arms_the_next(scope: Session, seller: Seller, lapse: Any) -> None:
    with unit_of_work(SUBMITTER) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "submit_kyc", actor=SUBMITTER)
    assert [(row.from_state, row.state) for row in _timers(scope)] == [
        ("applied", TimerState.cancelled),
        ("kyc_pending", TimerState.waiting),
    ]


def test_a_due_timer_makes_its_move_once(scope: Session, seller: Seller, lapse: Any) -> None:
    (row,) = _timers(scope)
    _fire(row.id)
    _fire(row.id)
    assert scope.get_one(Seller, seller.id).state is SellerState.rejected
    (moved,) = scope.scalars(sa.select(Transition))
    assert (moved.event, moved.actor_kind, moved.actor_name) == ("lapse", "system", "timer")
    (row,) = _timers(scope)
    assert row.state is TimerState.fired
    assert row.fired_at is not None


def test_a_timer_that_is_asked_too_early_waits(scope: Session, seller: Seller, lapse: Any) -> None:
    (row,) = _timers(scope)
    _fire(row.id, timedelta(days=29))
    assert [one.state for one in _timers(scope)] == [TimerState.waiting]
    assert scope.get_one(Seller, seller.id).state is SellerState.applied


def test_a_late_timer_whose_state_is_gone_does_nothing(scope: Session, seller: Seller, lapse: Any) -> None:
    (row,) = _timers(scope)
    with unit_of_work(SUBMITTER) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "submit_kyc", actor=SUBMITTER)
    _fire(row.id)
    assert scope.get_one(Seller, seller.id).state is SellerState.kyc_pending


def test_a_refused_timer_is_set_again_with_the_reason(scope: Session, seller: Seller, lapse: Any) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise GuardFailed("A check is still running.")

    lapse(refuse)
    (row,) = _timers(scope)
    _fire(row.id)
    (again,) = _timers(scope)
    assert (again.state, again.rearmed, again.last_refusal) == (TimerState.waiting, 1, "A check is still running.")
    assert again.due_at > clock.now() + MONTH
    lapse(lambda session, row, *, actor: machine.apply(session, row, "lapse", actor=actor))
    _fire(row.id, MONTH + timedelta(hours=2))
    assert scope.get_one(Seller, seller.id).state is SellerState.rejected


def test_what_a_refused_verb_had_begun_is_taken_back(scope: Session, seller: Seller, lapse: Any) -> None:
    def half(session: Session, row: Seller, *, actor: Actor) -> None:
        row.vat_registered = True
        session.flush()
        raise GuardFailed("no")

    lapse(half)
    (row,) = _timers(scope)
    _fire(row.id)
    scope.expire_all()
    assert scope.get_one(Seller, seller.id).vat_registered is False


def test_a_timer_without_its_moment_is_armed_when_the_moment_is_known(
    scope: Session, seller: Seller, lapse: Any
) -> None:
    for actor, event in ((SUBMITTER, "submit_kyc"), (OPERATOR, "approve")):
        with unit_of_work(actor) as session:
            machine.apply(session, session.get_one(Seller, seller.id), event, actor=actor)
    with unit_of_work(OPERATOR) as session:
        row = session.get_one(Seller, seller.id)
        row.effective_at = clock.now() + timedelta(days=31)
        machine.apply(session, row, "notice_terminate", actor=OPERATOR)
    (waiting,) = [one for one in _timers(scope) if one.state is TimerState.waiting]
    assert (waiting.event, waiting.due_at) == ("take_effect", row.effective_at)


def test_a_due_timer_is_asked_for_once_per_arming(scope: Session, seller: Seller, lapse: Any) -> None:
    with clock.moved(MONTH + timedelta(seconds=1)):
        for asked_now in (1, 0, 0):
            with unit_of_work(CLOCKWORK) as session:
                assert timer.claim_due(session) == asked_now
    asked = scope.scalars(sa.select(OutboxMessage.job)).all()
    assert asked == ["platform.timer.fire"]


def test_a_timer_that_was_asked_too_early_is_asked_for_again_when_it_is_due(
    scope: Session, seller: Seller, lapse: Any
) -> None:
    """The worker's clock may be behind the one that claimed it: that asking is spent, the timer is not."""
    (row,) = _timers(scope)
    due = MONTH + timedelta(seconds=1)
    with clock.moved(due), unit_of_work(CLOCKWORK) as session:
        timer.claim_due(session)
    _fire(row.id, timedelta(days=29))
    with clock.moved(due), unit_of_work(CLOCKWORK) as session:
        timer.claim_due(session)
    assert len(scope.scalars(sa.select(OutboxMessage.id)).all()) == 2


def test_timers_that_nobody_runs_do_not_keep_later_ones_from_being_asked_for(
    scope: Session, seller: Seller, lapse: Any
) -> None:
    with unit_of_work(CLOCKWORK) as session:
        owner = Organisation(kind=OrganisationKind.provider, name="Later", slug="later")
        session.add(owner)
        session.flush()
        machine.begin(session, Seller(organisation_id=owner.id))
    with clock.moved(MONTH + timedelta(seconds=5)):
        for _ in range(2):
            with unit_of_work(CLOCKWORK) as session:
                timer.claim_due(session, limit=1)
    assert len(scope.scalars(sa.select(OutboxMessage.id)).all()) == 2


def test_nothing_is_asked_for_before_it_is_due(scope: Session, seller: Seller) -> None:
    with unit_of_work(CLOCKWORK) as session:
        assert timer.claim_due(session) == 0


def test_a_timer_and_a_button_do_not_wait_for_each_other(scope: Session, seller: Seller, lapse: Any) -> None:
    """Both take the subject before the timer: the second waits, and finds the state gone. Never a deadlock."""
    (row,) = _timers(scope)
    held, errors = threading.Event(), []

    def button() -> None:
        with sessions.session_scope():
            try:
                with unit_of_work(SUBMITTER) as session:
                    subject = session.get_one(Seller, seller.id)
                    machine.lock(session, subject)
                    held.set()
                    threading.Event().wait(0.3)
                    machine.apply(session, subject, "submit_kyc", actor=SUBMITTER)
            except sa.exc.OperationalError as error:
                errors.append(error)

    pressed = threading.Thread(target=button)
    pressed.start()
    held.wait(5)
    _fire(row.id)
    pressed.join(10)
    assert errors == []
    scope.expire_all()
    assert scope.get_one(Seller, seller.id).state is SellerState.kyc_pending


def test_what_other_verbs_lock_before_the_subject_is_locked_before_it_by_its_timer_too(
    scope: Session, seller: Seller, lapse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verb holds the organisation and then wants the seller; the timer waits for the organisation, seller free."""
    monkeypatch.setattr(timer, "_firsts", {})
    timer.on_timer("seller", "lapse", first=lambda session, row: session.get(Organisation, row.organisation_id))(
        lambda session, row, *, actor: machine.apply(session, row, "lapse", actor=actor)
    )
    (row,) = _timers(scope)
    held, errors = threading.Event(), []

    def button() -> None:
        with sessions.session_scope():
            try:
                with unit_of_work(SUBMITTER) as session:
                    session.get_one(Organisation, seller.organisation_id, with_for_update=True)
                    held.set()
                    threading.Event().wait(0.3)
                    machine.apply(session, session.get_one(Seller, seller.id), "submit_kyc", actor=SUBMITTER)
            except sa.exc.OperationalError as error:
                errors.append(error)

    pressed = threading.Thread(target=button)
    pressed.start()
    held.wait(5)
    _fire(row.id)
    pressed.join(10)
    assert errors == []
    scope.expire_all()
    assert scope.get_one(Seller, seller.id).state is SellerState.kyc_pending


def test_every_machine_has_a_noun() -> None:
    assert timer.subjects()["seller"] is Seller
