"""What the state test found, each as a story of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.services.commerce import chargeback, dispute, order, refund_request
from app.services.platform import clock
from models.actor import Actor
from models.commerce.dispute import DisputeState
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund, RefundCause, RefundState
from models.errors import Conflict
from tests.commerce.test_chargeback import opened, word
from tests.commerce.test_order import fire_due
from tests.factories import books, commerce, people

WORDS = "Two of the new sockets are crooked."


@pytest.fixture
def clerk(work: Session) -> Actor:
    return people.operator(work, "Finance clerk")


def asked(session: Session, made: Order, clerk: Actor, gross: int, *, fee: bool = False) -> Refund:
    lines = {made.lines[0].id: gross}
    return refund_request.request(
        session, made, lines=lines, cause=RefundCause.goodwill, reason=WORDS, actor=clerk, fee=fee
    )


def test_a_request_that_waits_keeps_no_fee_back_when_the_order_is_declined(work: Session, clerk: Actor) -> None:
    """The whole payment goes back, and the request is over: there is nothing left for it."""
    told = commerce.story(work)
    made = commerce.paid(work, told)
    waiting = asked(work, made, clerk, 100_00, fee=True)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    assert (back.amount_minor, waiting.state) == (made.total_minor, RefundState.rejected)
    assert books.broken(work) == []


def test_requests_that_wait_are_over_when_the_clock_ends_their_order(work: Session, clerk: Actor) -> None:
    made = commerce.paid(work, commerce.story(work))
    waiting = [asked(work, made, clerk, 100_00), asked(work, made, clerk, 50_00)]
    with clock.moved(made.accept_by - clock.now() + timedelta(seconds=1)):
        fire_due(work, made)
    assert {one.state for one in waiting} == {RefundState.rejected}
    assert books.broken(work) == []


def test_a_request_outlives_the_acceptance_of_the_work(work: Session, clerk: Actor) -> None:
    """Nothing went back then: it is decided on its own, and the seller gives back their part."""
    told = commerce.story(work)
    made = commerce.delivered(work, told)
    waiting = asked(work, made, clerk, 100_00)
    order.accept_delivery(work, made, actor=told.buyer.actor)
    refund_request.approve(work, waiting, actor=people.operator(work, "Finance clerk"))
    assert waiting.state is RefundState.approved
    assert books.broken(work) == []


def test_nobody_agrees_to_more_than_is_left_after_a_bank_took_its_part(work: Session) -> None:
    told, staff = commerce.story(work), people.operator(work, "Operations")
    made = commerce.delivered(work, told)
    row = dispute.open_dispute(work, made, actor=told.buyer.actor, code="poor_work", text=WORDS)
    dispute.respond(work, row, actor=told.seller.actor, text=WORDS)
    dispute.propose(work, row, actor=staff, buyer_minor=200_00, text=WORDS)
    _, paid = opened(work, made, amount_minor=150_00)
    chargeback.follow(work, paid, word(paid, "lost", amount_minor=150_00))
    with pytest.raises(Conflict, match="Less is held"):
        dispute.agree(work, row, actor=told.buyer.actor, version=1)
    assert row.state is DisputeState.proposed


def test_a_problem_can_be_taken_back_while_a_bank_contests_and_the_hold_is_old(work: Session) -> None:
    """The clock asks for a decision at once; that moves no money, so the bank is no reason to wait with it."""
    told = commerce.story(work)
    made = commerce.delivered(work, told)
    row = dispute.open_dispute(work, made, actor=told.buyer.actor, code="poor_work", text=WORDS)
    opened(work, made)
    with clock.moved(timedelta(days=86)):
        dispute.withdraw(work, row, actor=told.buyer.actor)
        again = dispute.of_order(work, made)
    assert row.state is DisputeState.withdrawn
    assert again is not None
    assert (again.code, again.state, made.state) == (dispute.BY_CLOCK, DisputeState.open, OrderState.disputed)
    assert books.broken(work) == []
