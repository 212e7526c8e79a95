"""Chargebacks: the bank takes the money first; hold, order and books follow what the provider says, in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.payments import Dispute as Said
from app.services.commerce import account, chargeback, dispute, escrow, ledger, order, refund, refund_request
from app.services.platform import clock
from models.actor import Actor
from models.commerce.chargeback import Chargeback, ChargebackState
from models.commerce.escrow import EscrowState
from models.commerce.order import Order, OrderState
from models.commerce.payment import Payment
from models.commerce.refund import Refund, RefundCause, RefundState
from models.errors import Conflict, GuardFailed, Invalid
from models.platform.outbox_message import OutboxMessage
from tests.commerce.test_dispute import fire_due
from tests.factories import books, commerce, people

DAY = timedelta(days=1)
FEE = 20_00


def word(paid: Payment, status: str = "needs_response", **changes: object) -> Said:
    """The provider's word about a contested payment; money is away unless it was won or is only asked about."""
    facts: dict[str, object] = {
        "id": f"dp_{paid.id.hex}",
        "status": status,
        "reason": "product_not_received",
        "intent_id": paid.intent_id,
        "amount_minor": paid.captured_minor,
        "currency": paid.currency,
        "fee_minor": 0 if status.startswith("warning") else FEE,
        "due_at": clock.now() + 7 * DAY,
        "withdrawn": not status.startswith("warning") and status != "won",
    }
    return Said(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.fixture
def told(work: Session) -> commerce.Story:
    return commerce.story(work)


def opened(session: Session, made: Order, **changes: object) -> tuple[Chargeback, Payment]:
    paid = refund.payment_of(session, made)
    return chargeback.follow(session, paid, word(paid, **changes)), paid  # type: ignore[arg-type]


def balance(session: Session, ref: account.AccountRef) -> int:
    return account.balance(session, ref, "GBP")


def state(session: Session, made: Order) -> tuple[OrderState, EscrowState]:
    session.refresh(made)
    return made.state, escrow.of_order(session, made).state


def test_the_bank_takes_the_money_and_the_hold_is_frozen(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    before = balance(work, account.psp("simulator"))
    row, _ = opened(work, made)
    assert (row.state, row.fee_minor) == (ChargebackState.needs_response, FEE)
    assert state(work, made) == (OrderState.accepted, EscrowState.frozen)
    assert balance(work, account.dispute(row.id)) == 293_00
    assert balance(work, account.DISPUTE_FEES) == FEE
    assert balance(work, account.psp("simulator")) == before - 313_00
    assert books.broken(work) == []


@pytest.mark.parametrize("heard_first", ["needs_response", "won"])
def test_a_fee_that_is_given_back_with_a_won_case_is_booked_whatever_was_heard_first(
    work: Session, told: commerce.Story, heard_first: str
) -> None:
    made = commerce.accepted(work, told)
    before = balance(work, account.psp("simulator"))
    paid = refund.payment_of(work, made)
    for status in (heard_first, "won"):
        row = chargeback.follow(work, paid, word(paid, status, fee_minor=0 if status == "won" else FEE))
    assert (row.state, row.fee_minor) == (ChargebackState.won, 0)
    assert balance(work, account.DISPUTE_FEES) == 0
    assert balance(work, account.psp("simulator")) == before
    assert books.broken(work) == []


def test_told_three_times_it_is_booked_once(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    first, paid = opened(work, made)
    assert chargeback.follow(work, paid, word(paid)) is chargeback.follow(work, paid, word(paid)) is first
    events = [entry.event for entry, _ in ledger.entries(work, f"order:{made.id}")]
    assert events.count("chargeback.opened") == 1


def test_while_the_bank_decides_nobody_moves_the_money(work: Session, told: commerce.Story) -> None:
    made = commerce.delivered(work, told)
    opened(work, made)
    with pytest.raises(GuardFailed, match="bank"):
        order.accept_delivery(work, made, actor=told.buyer.actor)
    with pytest.raises(Conflict, match="bank"):
        refund_request.preview(work, made, lines={made.lines[0].id: 1})
    with clock.moved(90 * DAY):
        fire_due(work, made, escrow.of_order(work, made))
    assert state(work, made) == (OrderState.delivered, EscrowState.frozen)
    waiting = commerce.paid(work, told)
    opened(work, waiting)
    for act in (
        lambda: order.accept(work, waiting, actor=told.seller.actor),
        lambda: order.decline(work, waiting, actor=told.seller.actor, code="price"),
        lambda: order.cancel(work, waiting, actor=told.buyer.actor),
    ):
        with pytest.raises(GuardFailed, match="bank"):
            act()


def test_won_the_order_goes_on(work: Session, told: commerce.Story) -> None:
    made = commerce.delivered(work, told)
    row, paid = opened(work, made)
    chargeback.follow(work, paid, word(paid, "won"))
    assert row.state is ChargebackState.won
    assert state(work, made) == (OrderState.delivered, EscrowState.held)
    assert (balance(work, account.dispute(row.id)), balance(work, account.DISPUTE_FEES)) == (0, FEE)
    order.accept_delivery(work, made, actor=told.buyer.actor)
    assert books.broken(work) == []


def test_lost_while_held_the_hold_pays_and_the_order_is_over(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    row, paid = opened(work, made)
    chargeback.follow(work, paid, word(paid, "lost"))
    assert state(work, made) == (OrderState.cancelled, EscrowState.settled)
    assert escrow.of_order(work, made).charged_back_minor == 288_00
    assert [balance(work, one) for one in (account.SERVICE_FEE, account.VAT_OUTPUT, account.CHARGEBACK_LOSS)] == [0] * 3
    assert balance(work, account.dispute(row.id)) == 0
    assert work.scalars(sa.select(Refund)).all() == []
    assert books.broken(work) == []


def test_lost_after_the_payout_the_seller_owes_theirs_as_in_the_worked_example(
    work: Session, told: commerce.Story
) -> None:
    """288.00 of 293.00, everything paid out before: 253.44 from the seller, 28.80 and 5.76 from us."""
    made = commerce.completed(work, told)
    seller = made.seller_organisation_id
    ledger.post(
        work,
        "payout.created",
        key="payout",
        subject=f"order:{made.id}",
        lines=[
            ledger.Line(account.seller_pending(seller), 253_44, "GBP"),
            ledger.Line(account.psp("simulator"), -253_44, "GBP"),
        ],
        at=clock.now(),
    )
    row, paid = opened(work, made, amount_minor=288_00)
    chargeback.follow(work, paid, word(paid, "lost", amount_minor=288_00))
    assert balance(work, account.seller_receivable(seller)) == 253_44
    assert balance(work, account.COMMISSION) == 0
    assert balance(work, account.VAT_OUTPUT) == -83
    assert balance(work, account.psp("simulator")) == 293_00 - 4_60 - 253_44 - 288_00 - FEE
    assert (made.state, row.state) == (OrderState.completed, ChargebackState.lost)
    assert books.broken(work) == []


def test_part_of_a_hold_is_lost_and_the_order_goes_on_with_the_rest(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    row, paid = opened(work, made, amount_minor=100_00)
    chargeback.follow(work, paid, word(paid, "lost", amount_minor=100_00))
    assert state(work, made) == (OrderState.accepted, EscrowState.held)
    assert escrow.remaining(work, made) == 188_00
    order.start(work, made, actor=told.seller.actor)
    order.deliver(work, made, actor=told.seller.actor, proofs=[commerce.photo(work)])
    order.accept_delivery(work, made, actor=told.buyer.actor)
    assert (row.closed_at is not None, books.broken(work)) == (True, [])


def test_an_inquiry_moves_no_money_and_may_become_a_chargeback(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    row, paid = opened(work, made, status="warning_needs_response")
    assert state(work, made) == (OrderState.accepted, EscrowState.held)
    assert (row.withdrawn_at, balance(work, account.dispute(row.id))) == (None, 0)
    with pytest.raises(GuardFailed, match="only asks"):
        chargeback.concede(work, row, actor=people.operator(work, "Finance clerk"), reason="It is true")
    chargeback.send_evidence(
        work, row, actor=people.operator(work, "Finance clerk"), text="Ordered, accepted and paid on the same day."
    )
    later = clock.now() + 20 * DAY
    chargeback.follow(work, paid, word(paid, due_at=later))
    assert (row.state, row.evidence_due_at) == (ChargebackState.needs_response, later)
    assert state(work, made)[1] is EscrowState.frozen
    chargeback.send_evidence(
        work, row, actor=people.operator(work, "Finance clerk"), text="Ordered, accepted and paid, as we said before."
    )
    sent = sa.select(OutboxMessage.key).where(OutboxMessage.job == "commerce.chargeback.submit_evidence")
    assert sorted(work.scalars(sent)) == [f"chargeback.evidence:{row.id}:1", f"chargeback.evidence:{row.id}:2"]


def test_an_inquiry_that_is_closed_leaves_nothing(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    row, paid = opened(work, made, status="warning_needs_response")
    chargeback.follow(work, paid, word(paid, "warning_closed"))
    assert (row.state, state(work, made)[1]) == (ChargebackState.inquiry_closed, EscrowState.held)


@pytest.mark.parametrize("last", ["won", "lost"])
def test_the_end_may_be_the_first_that_is_heard_and_older_news_changes_nothing(
    work: Session, told: commerce.Story, last: str
) -> None:
    made = commerce.accepted(work, told)
    row, paid = opened(work, made, status=last)
    for late in ("needs_response", "under_review", "warning_needs_response"):
        chargeback.follow(work, paid, word(paid, late))
    assert row.state is ChargebackState[last]
    assert balance(work, account.dispute(row.id)) == 0
    assert books.broken(work) == []


def test_a_refund_that_had_not_left_waits_for_the_bank(work: Session, told: commerce.Story) -> None:
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    row, paid = opened(work, made)
    assert refund.begin_submission(work, back.id) is None
    chargeback.follow(work, paid, word(paid, "won"))
    asked = set(work.scalars(sa.select(OutboxMessage.key).where(OutboxMessage.job == "commerce.refund.submit")))
    assert asked == {f"refund:{back.id}:1", f"refund:{back.id}:1:{row.id}"}
    assert refund.begin_submission(work, back.id) is not None


def test_a_refund_that_the_bank_made_instead_is_not_sent(work: Session, told: commerce.Story) -> None:
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    _, paid = opened(work, made)
    chargeback.follow(work, paid, word(paid, "lost"))
    assert (back.state, refund.begin_submission(work, back.id)) == (RefundState.settled_manually, None)
    assert balance(work, account.CHARGEBACK_LOSS) == 0
    assert books.broken(work) == []


def test_money_that_went_back_twice_is_our_loss(work: Session, told: commerce.Story) -> None:
    """The refund had left before the bank took it as well."""
    made = commerce.paid(work, told)
    back = order.decline(work, made, actor=told.seller.actor, code="price")
    refund.begin_submission(work, back.id)
    _, paid = opened(work, made)
    chargeback.follow(work, paid, word(paid, "lost"))
    assert balance(work, account.CHARGEBACK_LOSS) == 293_00
    assert back.state is RefundState.submitted
    assert books.broken(work) == []


def test_a_problem_ends_with_the_order_that_the_bank_emptied(work: Session, told: commerce.Story) -> None:
    made = commerce.delivered(work, told)
    problem = dispute.open_dispute(
        work, made, actor=told.buyer.actor, code="poor_work", text="Two of the sockets are crooked."
    )
    _, paid = opened(work, made)
    staff = people.operator(work, "Operations")
    dispute.take_up(work, problem, actor=staff)
    with pytest.raises(GuardFailed, match="bank"), work.begin_nested():
        dispute.decide(work, problem, actor=staff, buyer_minor=0, reasons="The photos of both sides show it.")
    work.refresh(problem)
    chargeback.follow(work, paid, word(paid, "lost"))
    assert (made.state, problem.live) == (OrderState.cancelled, False)
    assert books.broken(work) == []


def test_a_late_capture_that_is_contested_has_no_order(work: Session, told: commerce.Story) -> None:
    from app.services.commerce import capture, checkout

    paid = commerce.submitted(work, told)
    checkout.cancel(work, paid.checkout, actor=told.buyer.actor)
    capture.follow(work, paid, commerce.intent(paid))
    row = chargeback.follow(work, paid, word(paid))
    assert row.order_id is None
    chargeback.follow(work, paid, word(paid, "lost"))
    (back,) = work.scalars(sa.select(Refund))
    assert (back.cause, back.state) == (RefundCause.late_capture, RefundState.settled_manually)
    assert books.broken(work) == []


def test_a_sum_that_is_not_the_payments_is_for_people(work: Session, told: commerce.Story) -> None:
    paid = refund.payment_of(work, commerce.accepted(work, told))
    for wrong in (replace(word(paid), amount_minor=293_01), replace(word(paid), currency="EUR")):
        with pytest.raises(Conflict):
            chargeback.follow(work, paid, wrong)


def test_evidence_is_sent_once_and_before_the_deadline(work: Session, told: commerce.Story) -> None:
    row, _ = opened(work, commerce.accepted(work, told))
    clerk = people.operator(work, "Finance clerk")
    with pytest.raises(Invalid):
        chargeback.send_evidence(work, row, actor=clerk, text="It was fine.")
    chargeback.send_evidence(work, row, actor=clerk, text="The customer confirmed the visit twice.")
    assert row.state is ChargebackState.under_review
    assert f"chargeback.evidence:{row.id}:1" in set(work.scalars(sa.select(OutboxMessage.key)))
    other, _ = opened(work, commerce.accepted(work, told))
    with clock.moved(7 * DAY + timedelta(minutes=1)):
        fire_due(work, other)
    assert other.state is ChargebackState.under_review


def test_a_concession_waits_for_the_providers_word(work: Session, told: commerce.Story) -> None:
    made = commerce.accepted(work, told)
    row, paid = opened(work, made)
    clerk: Actor = people.operator(work, "Finance clerk")
    chargeback.concede(work, row, actor=clerk, reason="The provider never came")
    assert (row.state, row.concession, made.state) == (ChargebackState.under_review, True, OrderState.accepted)
    chargeback.follow(work, paid, word(paid, "lost"))
    assert made.state is OrderState.cancelled
