"""An order's life on the real database: each verb, its postings, its clock, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import account, escrow, ledger, order
from app.services.platform import clock, timer
from models.commerce.escrow import EscrowState
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund, RefundState
from models.errors import GuardFailed, IllegalMove, Invalid, NotAllowed
from models.platform.outbox_message import OutboxMessage
from models.platform.timer import TimerRow, TimerState
from models.platform.transition import Transition
from tests.factories import commerce

Made = tuple[commerce.Story, Order]


def lines_of(session: Session, made: Order, event: str) -> dict[str, int]:
    entries = [lines for entry, lines in ledger.entries(session, f"order:{made.id}") if entry.event == event]
    assert len(entries) == 1
    return {line.code: line.amount for line in entries[0]}


def held(session: Session, made: Order) -> int:
    return -account.balance(session, account.escrow(made.id), "GBP")


def jobs_asked(session: Session) -> set[str]:
    return set(session.scalars(sa.select(OutboxMessage.job)))


def fire_due(session: Session, made: object) -> None:
    rows = sa.select(TimerRow.id).where(TimerRow.subject_id == made.id, TimerRow.state == TimerState.waiting)  # type: ignore[attr-defined]
    for timer_id in session.scalars(rows.where(TimerRow.due_at <= clock.now())).all():
        timer.fire(session, timer_id)


def test_payment_puts_the_work_under_protection_and_the_fee_with_us(work: Session) -> None:
    made = commerce.paid(work, commerce.story(work))
    assert made.state is OrderState.pending_acceptance
    assert held(work, made) == 288_00
    assert lines_of(work, made, "order.captured") == {
        "psp:simulator:clearing": 293_00,
        f"escrow:{made.id}": -288_00,
        "revenue:service_fee": -4_17,
        "tax:vat_output": -83,
    }


def test_acceptance_of_the_work_releases_the_hold_less_commission(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told)
    assert (made.state, held(work, made)) == (OrderState.completed, 0)
    assert lines_of(work, made, "escrow.released") == {
        f"escrow:{made.id}": 288_00,
        f"seller:{told.seller.organisation.id}:pending": -253_44,
        "revenue:commission": -28_80,
        "tax:vat_output": -5_76,
    }
    assert escrow.of_order(work, made).state is EscrowState.settled
    assert "commerce.receipt.write" in jobs_asked(work)


def test_the_release_names_the_move_that_caused_it(work: Session) -> None:
    made = commerce.completed(work, commerce.story(work))
    entry = next(e for e, _ in ledger.entries(work, f"order:{made.id}") if e.event == "escrow.released")
    moved = work.get_one(Transition, entry.transition_id)
    assert (moved.machine, moved.event, moved.to_state) == ("escrow", "release_rest", "settled")


def test_a_seller_without_vat_number_charges_none(work: Session) -> None:
    made = commerce.paid(work, commerce.story(work, vat_registered=False))
    assert (made.gross_minor, made.total_minor) == (240_00, 245_00)
    assert made.lines[0].tax_reason == "not_collecting"


def test_a_declined_order_gives_everything_back_with_the_fee(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.paid(work, told)
    refund = order.decline(work, made, actor=told.seller.actor, code="not_available", reason="Fully booked")
    assert (made.state, held(work, made)) == (OrderState.declined, 0)
    assert (refund.amount_minor, refund.state) == (293_00, RefundState.approved)
    assert lines_of(work, made, "refund.requested") == {
        f"escrow:{made.id}": 288_00,
        "revenue:service_fee": 4_17,
        "tax:vat_output": 83,
        f"refund:{refund.id}:in_transit": -293_00,
    }
    assert "commerce.refund.submit" in jobs_asked(work)


def test_a_decline_needs_a_reason_from_the_list(work: Session) -> None:
    told = commerce.story(work)
    with pytest.raises(Invalid):
        order.decline(work, commerce.paid(work, told), actor=told.seller.actor, code="because")


def test_the_buyer_may_turn_back_until_the_seller_accepts(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.paid(work, told)
    assert order.cancel(work, made, actor=told.buyer.actor).amount_minor == 293_00
    assert made.state is OrderState.cancelled


def test_an_order_nobody_accepts_lapses_and_everything_goes_back(work: Session) -> None:
    made = commerce.paid(work, commerce.story(work))
    with clock.moved(made.accept_by - clock.now() + timedelta(seconds=1)):
        fire_due(work, made)
    work.refresh(made)
    assert (made.state, held(work, made)) == (OrderState.expired, 0)
    assert work.scalars(sa.select(Refund.amount_minor)).one() == 293_00


def test_too_late_to_accept_even_if_the_timer_has_not_fired_yet(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.paid(work, told)
    with clock.moved(made.accept_by - clock.now()), pytest.raises(GuardFailed, match="time to accept is over"):
        order.accept(work, made, actor=told.seller.actor)


def test_silence_for_fourteen_days_after_delivery_is_acceptance(work: Session) -> None:
    made = commerce.delivered(work, commerce.story(work))
    with clock.moved(timedelta(days=14, seconds=1)):
        fire_due(work, made)
    work.refresh(made)
    assert (made.state, held(work, made)) == (OrderState.completed, 0)


def test_the_picture_of_before_is_no_evidence_after_changes_were_asked_for(work: Session) -> None:
    told = commerce.story(work)
    placed = commerce.accepted(work, told)
    order.start(work, placed, actor=told.seller.actor)
    shown = commerce.photo(work)
    order.deliver(work, placed, actor=told.seller.actor, proofs=[shown])
    order.request_changes(work, placed, actor=told.buyer.actor, reason="The second socket is loose.")
    for again in ([shown], [new := commerce.photo(work), new]):
        with pytest.raises(Invalid, match="shown before"):
            order.deliver(work, placed, actor=told.seller.actor, proofs=again)
    order.deliver(work, placed, actor=told.seller.actor, proofs=[commerce.photo(work)])
    with pytest.raises(IllegalMove):
        order.deliver(work, placed, actor=told.seller.actor, proofs=[shown])


def test_work_without_evidence_is_not_delivered(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.accepted(work, told)
    order.start(work, made, actor=told.seller.actor)
    with pytest.raises(GuardFailed, match="at least one photo"):
        order.deliver(work, made, actor=told.seller.actor, proofs=[])


def test_changes_may_be_asked_for_three_times_and_need_new_evidence(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.delivered(work, told)
    for _ in range(3):
        order.request_changes(work, made, actor=told.buyer.actor, reason="The kitchen ring is missing")
        with pytest.raises(GuardFailed):
            order.deliver(work, made, actor=told.seller.actor, proofs=[])
        order.deliver(work, made, actor=told.seller.actor, proofs=[commerce.photo(work)])
    with pytest.raises(GuardFailed, match="Three rounds"):
        order.request_changes(work, made, actor=told.buyer.actor, reason="Again")


def test_a_consumers_work_does_not_begin_early_without_their_wish(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.accepted(work, told)
    made.checkout.express_start_at = None
    with pytest.raises(GuardFailed, match="did not ask to begin earlier"):
        order.start(work, made, actor=told.seller.actor)
    with clock.moved(timedelta(days=15)):
        order.start(work, made, actor=told.seller.actor)


@pytest.mark.parametrize("verb", [order.accept, order.start, order.accept_delivery])
def test_a_stranger_may_not_move_an_order(work: Session, verb: Callable[..., object]) -> None:
    made = commerce.delivered(work, commerce.story(work))
    stranger = commerce.story(work)
    for actor in (stranger.buyer.actor, stranger.seller.actor):
        with pytest.raises(NotAllowed):
            verb(work, made, actor=actor)


def test_the_buyer_may_not_accept_in_the_sellers_place(work: Session) -> None:
    told = commerce.story(work)
    with pytest.raises(NotAllowed):
        order.accept(work, commerce.paid(work, told), actor=told.buyer.actor)


def test_an_order_is_completed_once(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told)
    with pytest.raises(IllegalMove):
        order.accept_delivery(work, made, actor=told.buyer.actor)


@pytest.mark.parametrize(
    ("make", "ends"), [(commerce.accepted, OrderState.cancelled), (commerce.delivered, OrderState.completed)]
)
def test_a_hold_that_reaches_its_limit_goes_back_unless_nobody_objected_to_the_work(
    work: Session, make: Callable[[Session, commerce.Story], Order], ends: OrderState
) -> None:
    """Every other timer was away."""
    made = make(work, commerce.story(work))
    hold = escrow.of_order(work, made)
    work.execute(sa.update(TimerRow).where(TimerRow.subject_id == made.id).values(state=TimerState.cancelled))
    for days in (85, 89):
        with clock.moved(timedelta(days=days, seconds=1)):
            fire_due(work, hold)
    work.refresh(made)
    work.refresh(hold)
    assert (made.state, hold.state, held(work, made)) == (ends, EscrowState.settled, 0)


def test_a_buyer_may_accept_work_whose_hold_has_the_age_alarm(work: Session) -> None:
    told = commerce.story(work)
    made = commerce.delivered(work, told)
    hold = escrow.of_order(work, made)
    with clock.moved(timedelta(days=85, seconds=1)):
        fire_due(work, hold)
        order.accept_delivery(work, made, actor=told.buyer.actor)
    assert (hold.state, held(work, made)) == (EscrowState.settled, 0)


@pytest.mark.parametrize(
    ("visit_in", "expected"),
    [
        (timedelta(days=10), timedelta(days=6)),
        (timedelta(days=3), timedelta(days=2)),
        (timedelta(hours=20), timedelta(hours=1)),
    ],
)
def test_the_sellers_clock_ends_by_the_first_of_its_three_ends(visit_in: timedelta, expected: timedelta) -> None:
    now = clock.now()
    assert order.accept_by(now, now + visit_in, now + visit_in + timedelta(hours=2)) == now + expected
