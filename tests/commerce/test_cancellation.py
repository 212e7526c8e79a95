"""Cancelling an order: the right to cancel, the ladder, the share of the work that was done. To the penny."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import account, cancellation, cancellation_policy, escrow, order
from app.services.platform import clock
from models.actor import ActorKind
from models.commerce.cancellation_policy import CancellationPolicy
from models.commerce.escrow import EscrowState
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund, RefundCause, RefundState
from models.errors import Conflict, GuardFailed, Invalid, NotAllowed
from tests.factories import books, commerce, people

HOUR = timedelta(hours=1)


def before_visit(made: Order, hours: float) -> timedelta:
    """How far the clock must be moved to stand so many hours before the visit."""
    return made.visit_start - timedelta(hours=hours) - clock.now()


def refunds(session: Session, made: Order) -> list[Refund]:
    return list(session.scalars(sa.select(Refund).where(Refund.order_id == made.id)))


@pytest.mark.parametrize(
    ("code", "hours", "bps"),
    [
        ("flexible", 24.1, 10_000),
        ("flexible", 23.9, 5_000),
        ("standard", 48, 10_000),
        ("standard", 47.99, 5_000),
        ("standard", 24, 5_000),
        ("standard", 23.99, 0),
        ("strict", 168, 10_000),
        ("strict", 167.9, 5_000),
        ("strict", 47.9, 0),
    ],
)
def test_the_ladder_says_what_goes_back(work: Session, code: str, hours: float, bps: int) -> None:
    policy = work.scalars(sa.select(CancellationPolicy).where(CancellationPolicy.code == code)).one()
    visit = clock.now() + timedelta(days=30)
    now = visit - timedelta(hours=hours)
    assert cancellation_policy.refund_bps(policy, visit_start=visit, now=now) == bps


def test_a_consumer_gets_everything_back_within_fourteen_days_whatever_the_ladder_says(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.accepted(work, told)
    with clock.moved(before_visit(made, 1)):
        found = cancellation.terms(work, made, ActorKind.buyer)
        assert (found.back_minor, found.cause) == (293_00, RefundCause.withdrawal)
        order.cancel(work, made, actor=told.buyer.actor)
    assert (made.state, escrow.remaining(work, made)) == (OrderState.cancelled, 0)
    assert account.balance(work, account.SERVICE_FEE, "GBP") == 0
    assert books.broken(work) == []


def test_a_business_that_cancels_late_pays_half(work: Session) -> None:
    told = commerce.story(work, trader=True)
    made = commerce.accepted(work, told)
    with clock.moved(before_visit(made, 30)):
        found = cancellation.terms(work, made, ActorKind.buyer)
        assert (found.buyer_minor, found.seller_minor, found.fee.total) == (144_00, 144_00, 0)
        assert "£5.00 is kept" in found.sentence
        order.cancel(work, made, actor=told.buyer.actor, agreed_minor=144_00)
    (back,) = refunds(work, made)
    assert (back.state, back.amount_minor, back.cause) == (
        RefundState.approved,
        144_00,
        RefundCause.cancelled_by_buyer,
    )
    pending = account.seller_pending(made.seller_organisation_id)
    assert account.balance(work, pending, "GBP") == -(144_00 - 14_40 - 2_88)
    assert account.balance(work, account.COMMISSION, "GBP") == -14_40
    assert books.broken(work) == []


def test_a_business_that_cancels_at_the_last_hour_gets_nothing_back(work: Session) -> None:
    told = commerce.story(work, trader=True)
    made = commerce.accepted(work, told)
    with clock.moved(before_visit(made, 1)):
        assert order.cancel(work, made, actor=told.buyer.actor) is None
    assert (made.state, refunds(work, made)) == (OrderState.cancelled, [])
    assert escrow.of_order(work, made).released_minor == 288_00
    assert books.broken(work) == []


def test_terms_that_changed_since_the_page_was_opened_are_shown_again(work: Session) -> None:
    told = commerce.story(work, trader=True)
    made = commerce.accepted(work, told)
    with clock.moved(before_visit(made, 30)), pytest.raises(Conflict, match="has changed"):
        order.cancel(work, made, actor=told.buyer.actor, agreed_minor=288_00)
    assert made.state is OrderState.accepted


@pytest.mark.parametrize("trader", [True, False])
def test_after_the_visit_should_have_begun_a_buyer_reports_a_problem_instead(work: Session, *, trader: bool) -> None:
    """A consumer too: what was done by then is paid (reg. 36), and somebody must look what that was."""
    told = commerce.story(work, trader=trader)
    made = commerce.accepted(work, told)
    with clock.moved(before_visit(made, -1)), pytest.raises(GuardFailed, match="report a problem"):
        order.cancel(work, made, actor=told.buyer.actor)


def test_a_provider_who_cancels_says_why_and_everything_goes_back(work: Session) -> None:
    told = commerce.story(work, trader=True)
    made = commerce.accepted(work, told)
    with pytest.raises(Invalid):
        order.cancel(work, made, actor=told.seller.actor)
    with clock.moved(before_visit(made, 1)):
        order.cancel(work, made, actor=told.seller.actor, reason="The van broke down")
    (back,) = refunds(work, made)
    assert (back.amount_minor, back.cause) == (293_00, RefundCause.cancelled_by_seller)
    assert books.broken(work) == []


def test_during_the_visit_the_buyer_pays_for_the_part_that_has_passed(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.accepted(work, told)
    order.start(work, made, actor=told.seller.actor)
    quarter = (made.visit_end - made.visit_start) / 4
    with clock.moved(made.visit_start + quarter - clock.now()):
        found = cancellation.terms(work, made, ActorKind.buyer)
        assert found.seller_minor == pytest.approx(72_00, abs=5)
        order.cancel(work, made, actor=told.buyer.actor)
    with clock.moved(made.visit_end - clock.now()), pytest.raises(GuardFailed):
        cancellation.terms(work, made, ActorKind.buyer)
    assert books.broken(work) == []


def test_work_that_began_before_the_visit_costs_nothing_until_the_visit(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.accepted(work, told)
    order.start(work, made, actor=told.seller.actor)
    assert cancellation.terms(work, made, ActorKind.buyer).buyer_minor == 288_00


def test_staff_cancel_before_the_provider_accepts_and_everything_goes_back(work: Session) -> None:
    placed = commerce.paid_for(work, commerce.story(work))
    assert placed.state is OrderState.pending_acceptance
    order.cancel(work, placed, actor=people.operator(work, "Operations"), reason="The provider went out of business.")
    row = work.scalars(sa.select(Refund).where(Refund.order_id == placed.id)).one()
    assert (placed.state, row.cause, row.amount_minor) == (
        OrderState.cancelled,
        RefundCause.cancelled_by_staff,
        placed.total_minor,
    )


def test_staff_say_how_much_was_done(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.accepted(work, told)
    order.start(work, made, actor=told.seller.actor)
    staff = people.operator(work, "Operations")
    with pytest.raises(Invalid):
        order.cancel(work, made, actor=staff, reason="The customer moved out")
    order.cancel(work, made, actor=staff, reason="The customer moved out", delivered_bps=3_300)
    (back,) = refunds(work, made)
    assert (back.amount_minor, back.cause) == (192_96, RefundCause.cancelled_by_staff)
    assert books.broken(work) == []


def test_above_the_limit_one_member_of_staff_does_not_divide_a_hold_alone(work: Session) -> None:
    told = commerce.story(work)
    dear = commerce.Price("Rewiring", 900_00, 180_00, 108_00, 21_60)
    made = commerce.paid_for(work, told, (dear,))
    order.accept(work, made, actor=told.seller.actor)
    order.start(work, made, actor=told.seller.actor)
    staff = people.operator(work, "Operations")
    with pytest.raises(GuardFailed, match="two people"):
        order.cancel(work, made, actor=staff, reason="Half of it is done", delivered_bps=5_000)
    with pytest.raises(GuardFailed, match="two people"):
        order.cancel(work, made, actor=staff, reason="Nothing was done", delivered_bps=0)


def test_delivered_work_is_not_cancelled_and_strangers_cancel_nothing(work: Session) -> None:
    told, stranger = commerce.story(work), commerce.story(work)
    made = commerce.delivered(work, told)
    with pytest.raises(GuardFailed):
        order.cancel(work, made, actor=told.buyer.actor)
    other = commerce.accepted(work, told)
    for actor in (stranger.buyer.actor, stranger.seller.actor):
        with pytest.raises(NotAllowed):
            order.cancel(work, other, actor=actor, reason="Mischief")


def test_what_staff_refunded_before_is_not_returned_twice(work: Session) -> None:
    from app.services.commerce import refund_request

    told = commerce.story(work, trader=True)
    made = commerce.accepted(work, told)
    row = refund_request.request(
        work,
        made,
        lines={made.lines[0].id: 48_00},
        cause=RefundCause.goodwill,
        reason="Late answer",
        actor=people.operator(work, "Support agent"),
    )
    refund_request.approve(work, row, actor=people.operator(work, "Finance clerk"))
    order.cancel(work, made, actor=told.seller.actor, reason="Ill")
    assert sorted(one.amount_minor for one in refunds(work, made)) == [48_00, 245_00]
    assert escrow.of_order(work, made).state is EscrowState.settled
    assert books.broken(work) == []
