"""Two people at once: the second one waits, looks again, and finds what the first one did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.commerce import checkout, order
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout
from models.commerce.order import Order, OrderState
from models.errors import Conflict
from tests.factories import commerce

CLOCKWORK = Actor.system("test")
BLOCKED = sa.text("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")


def _meanwhile(first: Callable[[Session], object], second: Callable[[Session], object]) -> None:
    """`first` has done its part and commits when `second`, begun before that, waits for it."""
    done, errors = threading.Event(), []

    def other() -> None:
        with sessions.session_scope():
            try:
                with unit_of_work(CLOCKWORK) as session:
                    second(session)
            except BaseException as error:  # noqa: BLE001  raised again below
                errors.append(error)
            finally:
                done.set()

    thread = threading.Thread(target=other)
    with sessions.session_scope(), unit_of_work(CLOCKWORK) as session:
        first(session)
        thread.start()
        with sessions.engine().connect() as look:
            while not done.wait(0.02) and look.scalar(BLOCKED) is None:
                look.rollback()
    thread.join(10)
    if errors:
        raise errors[0]


def _made(session: Session, make: Callable[[Session, commerce.Story], UUID]) -> tuple[commerce.Story, UUID]:
    del session  # opens the application
    with sessions.session_scope(), unit_of_work(CLOCKWORK) as work:
        told = commerce.story(work)
        return told, make(work, told)


def test_a_buyer_who_cancels_while_the_provider_accepts_is_asked_again_when_the_terms_changed(session: Session) -> None:
    """Three weeks ahead everything goes back before and after; a trader's late change of mind costs half."""
    told, key = _made(session, lambda work, told: commerce.paid(work, told).id)
    with pytest.raises(Conflict, match="has changed"):
        _meanwhile(
            lambda one: order.accept(one, one.get_one(Order, key), actor=told.seller.actor),
            lambda two: order.cancel(two, two.get_one(Order, key), actor=told.buyer.actor, agreed_minor=144_00),
        )
    assert session.get_one(Order, key).state is OrderState.accepted


def test_what_is_being_paid_is_not_repriced(session: Session) -> None:
    told, key = _made(session, lambda work, told: commerce.draft(work, told).id)

    def submit(one: Session) -> None:
        here = replace(told, listing=one.get_one(Listing, told.listing.id))
        commerce.submitted(one, here, one.get_one(Checkout, key))

    def refresh(two: Session) -> None:
        row = two.get_one(Checkout, key)
        two.get_one(Listing, told.listing.id).price_minor = 250_00
        assert checkout.refresh_price(two, row) is False

    _meanwhile(submit, refresh)
    assert session.get_one(Checkout, key).total_minor == 293_00
