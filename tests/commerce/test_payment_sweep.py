"""Asking the provider about what no message told: one that cannot be settled keeps none of the others waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.clients.payments import Intent, PaymentsRefused, PaymentsUnavailable
from app.services.commerce import payment
from app.services.platform import clock
from app.unit_of_work import unit_of_work
from jobs.base import JobRun
from jobs.commerce.payment import sweep
from models.actor import Actor
from models.commerce.checkout import CheckoutState
from models.commerce.payment import Payment
from tests.factories import commerce

CLOCKWORK = Actor.system("test")


class Provider:
    """Says of each payment what it was told to say."""

    def __init__(self, words: dict[str, Intent | Exception]) -> None:
        self.words, self.asked = words, list[str]()

    def intent(self, intent_id: str) -> Intent:
        self.asked.append(intent_id)
        word = self.words[intent_id]
        if isinstance(word, Exception):
            raise word
        return word


def _opened(count: int) -> list[UUID]:
    """Payments of the same listing, opened two minutes ago, oldest first."""
    with unit_of_work(CLOCKWORK) as work:
        told = commerce.story(work)
        made = [commerce.submitted(work, told) for _ in range(count)]
        for row in made:
            payment.opened(work, row.id, commerce.intent(row, "requires_payment_method"))
        work.flush()
        work.execute(sa.text("update payment set created_at = created_at - interval '2 minutes'"))
        return [row.id for row in made]


def _sweep(provider: Provider) -> None:
    parts: Any = SimpleNamespace(payments=provider)
    sweep(JobRun(0, 0, "commerce.payment.sweep", parts))


def _intents(session: Session, keys: list[UUID]) -> list[Intent]:
    return [commerce.intent(session.get_one(Payment, key)) for key in keys]


def test_a_payment_nobody_can_settle_does_not_keep_the_next_from_being_found(session: Session) -> None:
    del session  # opens the application
    with sessions.session_scope() as scope:
        keys = _opened(3)
        gone, short, good = _intents(scope, keys)
        scope.rollback()
        strange = commerce.intent(scope.get_one(Payment, keys[1]), received_minor=1_00)
        _sweep(Provider({gone.id: PaymentsRefused("No such payment"), short.id: strange, good.id: good}))
        scope.expire_all()
        states = [scope.get_one(Payment, key).checkout.state for key in keys]
    assert states == [CheckoutState.awaiting_payment, CheckoutState.awaiting_payment, CheckoutState.paid]


def test_a_provider_that_is_away_is_left_alone_until_the_next_sweep(session: Session) -> None:
    """No failure either: a dead letter for every minute of an outage would help nobody."""
    del session  # opens the application
    with sessions.session_scope() as scope:
        first, second = _intents(scope, _opened(2))
        scope.rollback()
        provider = Provider({first.id: PaymentsUnavailable("away"), second.id: second})
        _sweep(provider)
    assert provider.asked == [first.id]


def test_who_was_asked_longest_ago_is_asked_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider too slow for all of them is asked about each in turn, not about the same few for ever."""
    del session  # opens the application
    with sessions.session_scope() as scope:
        first, second, third = _intents(scope, _opened(3))
        open_ = {one.id: replace(one, status="requires_payment_method", received_minor=0) for one in (first, second)}
        scope.rollback()
        provider = Provider({**open_, third.id: PaymentsRefused("not this one")})
        ticks = iter((0.0, 1.0, 2.0, 13.0, 20.0, 21.0, 22.0, 40.0))
        monkeypatch.setattr("jobs.commerce.payment.time", SimpleNamespace(monotonic=lambda: next(ticks)))
        _sweep(provider)
        assert provider.asked == [first.id, second.id]
        _sweep(provider)
    assert provider.asked == [first.id, second.id, third.id, first.id]


def test_a_moved_clock_hides_no_payment_from_the_sweep(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are made in real time: a rehearsal of two weeks must not make them too old to be asked about."""
    del session  # opens the application
    with sessions.session_scope() as scope:
        (only,) = _intents(scope, _opened(1))
        scope.rollback()
        monkeypatch.setattr(clock, "shift", lambda: timedelta(days=14))
        provider = Provider({only.id: only})
        _sweep(provider)
    assert provider.asked == [only.id]
