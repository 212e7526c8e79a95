"""Two ways back for one payment: what a bank gives and what we give is one debt, and a slow bank costs nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.services.commerce import account, chargeback, dispute, escrow, order, refund, refund_request
from app.services.platform import clock
from models.commerce.chargeback import ChargebackState
from models.commerce.escrow import EscrowState
from models.commerce.order import OrderState
from models.commerce.refund import RefundCause, RefundState
from models.errors import GuardFailed
from tests.commerce.test_chargeback import DAY, balance, opened, state, word
from tests.commerce.test_dispute import fire_due
from tests.factories import books, commerce, people


@pytest.fixture
def told(work: Session) -> commerce.Story:
    return commerce.story(work)


def test_a_refund_that_fails_after_the_bank_paid_is_no_longer_a_loss(work: Session, told: commerce.Story) -> None:
    """It was on its way when the case was lost; then the provider says that it never arrived."""
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    refund.begin_submission(work, back.id)
    row, paid = opened(work, made)
    chargeback.follow(work, paid, word(paid, "lost"))
    assert (balance(work, account.CHARGEBACK_LOSS), row.loss_minor) == (293_00, 293_00)
    refund.refused(work, back.id, "charge disputed")
    assert (back.state, back.due_minor) == (RefundState.settled_manually, 0)
    assert (balance(work, account.CHARGEBACK_LOSS), row.loss_minor) == (0, 0)
    assert books.broken(work) == []


def test_a_bank_that_pays_part_of_a_refund_leaves_the_rest_to_be_sent(work: Session, told: commerce.Story) -> None:
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    _, paid = opened(work, made, amount_minor=100_00)
    chargeback.follow(work, paid, word(paid, "lost", amount_minor=100_00))
    assert (back.state, back.due_minor) == (RefundState.approved, 193_00)
    asked = refund.begin_submission(work, back.id)
    assert asked is not None
    assert asked.amount_minor == 193_00
    assert books.broken(work) == []


def test_two_lost_cases_give_the_order_fee_back_once(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    paid = refund.payment_of(work, made)
    for name, amount in (("a", 290_00), ("b", 3_00)):
        for status in ("needs_response", "lost"):
            chargeback.follow(work, paid, word(paid, status, id=f"dp_{name}{paid.id.hex}", amount_minor=amount))
    assert balance(work, account.SERVICE_FEE) == 0
    assert balance(work, account.VAT_OUTPUT) == 0
    assert balance(work, account.CHARGEBACK_LOSS) == 0
    assert books.broken(work) == []


def test_a_transfer_that_was_entered_stops_a_second_payment_until_it_is_taken_back(
    work: Session, told: commerce.Story
) -> None:
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    refund.begin_submission(work, back.id)
    refund.refused(work, back.id, "card closed")
    clerk = people.operator(work, "Finance clerk")
    refund.record_transfer(work, back, actor=clerk, reference="FPS 1")
    with pytest.raises(GuardFailed, match="bank transfer"):
        refund.retry(work, back, actor=clerk)
    refund.withdraw_transfer(work, back)
    refund.retry(work, back, actor=clerk)
    assert back.state is RefundState.approved


def test_delivered_work_is_not_refunded_by_the_clock_because_a_bank_was_slow(
    work: Session, told: commerce.Story
) -> None:
    """The case is won on day 120: staff have fourteen days before the hold's limit counts again."""
    made = commerce.accepted(work, told)
    order.start(work, made, actor=told.seller.actor)
    with clock.moved(74 * DAY):
        order.deliver(work, made, actor=told.seller.actor, proofs=[commerce.photo(work)])
    with clock.moved(76 * DAY):
        made.state_entered_at = clock.now()  # delivered again after a round of changes
        row, paid = opened(work, made)
    with clock.moved(89 * DAY):
        chargeback.follow(work, paid, word(paid, "won"))
    with clock.moved(89 * DAY + timedelta(hours=5)):
        fire_due(work, escrow.of_order(work, made))
        assert state(work, made) == (OrderState.disputed, EscrowState.frozen)
        problem = dispute.of_order(work, made)
        assert problem is not None
        assert (problem.opened_by, row.state) == ("system", ChargebackState.won)
    with clock.moved(103 * DAY + timedelta(hours=5)):
        fire_due(work, escrow.of_order(work, made))
    assert state(work, made) == (OrderState.cancelled, EscrowState.settled)
    assert books.broken(work) == []


def test_work_nobody_objected_to_is_paid_and_not_refunded_when_the_bank_took_longer_than_the_hold(
    work: Session, told: commerce.Story
) -> None:
    made = commerce.delivered(work, told)
    _, paid = opened(work, made)
    with clock.moved(100 * DAY):
        chargeback.follow(work, paid, word(paid, "won"))
        fire_due(work, escrow.of_order(work, made))
        assert state(work, made) == (OrderState.completed, EscrowState.settled)
    assert books.broken(work) == []


def test_a_bank_transfer_waits_for_the_buyers_bank_and_is_entered_once(work: Session, told: commerce.Story) -> None:
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    refund.begin_submission(work, back.id)
    refund.refused(work, back.id, "card closed")
    clerk = people.operator(work, "Finance clerk")
    _, paid = opened(work, made)
    with pytest.raises(GuardFailed, match="bank"):
        refund.record_transfer(work, back, actor=clerk, reference="FPS 1")
    chargeback.follow(work, paid, word(paid, "won"))
    refund.record_transfer(work, back, actor=clerk, reference="FPS 1")
    with pytest.raises(GuardFailed, match="entered already"):
        refund.record_transfer(work, back, actor=people.operator(work, "Finance clerk"), reference="FPS 2")


def test_a_transfer_that_was_not_made_is_not_owed_when_the_bank_paid_meanwhile(
    work: Session, told: commerce.Story
) -> None:
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    refund.begin_submission(work, back.id)
    refund.refused(work, back.id, "card closed")
    refund.record_transfer(work, back, actor=people.operator(work, "Finance clerk"), reference="FPS 1")
    _, paid = opened(work, made)
    chargeback.follow(work, paid, word(paid, "lost"))
    assert balance(work, account.CHARGEBACK_LOSS) == 293_00
    refund.withdraw_transfer(work, back)
    assert (back.state, balance(work, account.CHARGEBACK_LOSS)) == (RefundState.settled_manually, 0)
    assert books.broken(work) == []


def test_a_problem_that_waited_for_a_bank_is_decided_by_people_and_not_by_its_clock(
    work: Session, told: commerce.Story
) -> None:
    made = commerce.delivered(work, told)
    dispute.open_dispute(work, made, actor=told.buyer.actor, code="poor_work", text="Two sockets are crooked.")
    _, paid = opened(work, made)
    with clock.moved(70 * DAY):
        chargeback.follow(work, paid, word(paid, "won"))
        fire_due(work, made)
        assert made.state is OrderState.disputed
    with clock.moved(84 * DAY + timedelta(hours=2)):
        fire_due(work, made)
    assert made.state is OrderState.cancelled


def test_what_was_asked_for_before_a_decision_is_over_with_it(work: Session, told: commerce.Story) -> None:
    made = commerce.delivered(work, told)
    asked = refund_request.request(
        work,
        made,
        lines={made.lines[0].id: 50_00},
        cause=RefundCause.goodwill,
        reason="They were late",
        actor=people.operator(work, "Support agent"),
    )
    problem = dispute.open_dispute(
        work, made, actor=told.buyer.actor, code="poor_work", text="Two sockets are crooked."
    )
    staff = people.operator(work, "Operations")
    dispute.take_up(work, problem, actor=staff)
    dispute.decide(work, problem, actor=staff, buyer_minor=0, reasons="The photos of both sides show it.")
    assert asked.state is RefundState.rejected


def test_what_a_bank_covered_of_a_refund_is_counted_once(work: Session, told: commerce.Story) -> None:
    made = commerce.completed(work, told)
    clerk, approver = people.operator(work, "Support agent"), people.operator(work, "Finance clerk")
    facts = {"cause": RefundCause.goodwill, "reason": "They were late", "actor": clerk}
    first = refund_request.request(work, made, lines={made.lines[0].id: 30_00}, **facts)  # type: ignore[arg-type]
    refund_request.approve(work, first, actor=approver)
    _, paid = opened(work, made, amount_minor=30_00)
    chargeback.follow(work, paid, word(paid, "lost", amount_minor=30_00))
    assert (first.state, refund_request.tender_left(work, made)) == (RefundState.settled_manually, 263_00)
