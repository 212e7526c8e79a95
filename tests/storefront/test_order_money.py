"""What the order page says of money that does not simply go to the provider: refunds on their way, and banks."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.clients.payments import Dispute as Contested
from app.services.commerce import chargeback
from app.services.platform import clock
from models.commerce.payment import Payment
from tests.factories import commerce


@pytest.fixture
def cancelled(told, arrange, buyer):
    made = arrange(commerce.paid, told)
    at = f"/orders/{made.reference}/cancel"
    buyer.send(at, {}, seen_on=at)
    return made


def told_by_bank(work, status: str, *, withdrawn: bool) -> None:
    payment = work.scalars(sa.select(Payment)).one()
    said = Contested(
        id="dp_1",
        status=status,
        reason="general",
        intent_id=payment.intent_id or "",
        amount_minor=payment.captured_minor,
        currency=payment.currency,
        fee_minor=2_000 if withdrawn else 0,
        due_at=clock.now(),
        withdrawn=withdrawn,
        metadata={},
    )
    chargeback.follow(work, payment, said)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("approved", "It goes to the payment provider within minutes"),
        ("submitted", "On its way to your bank since"),
        ("unknown", "We keep asking. It is never sent twice."),
        ("failed", "Your bank did not take it"),
        ("succeeded", "Your bank has it since"),
    ],
)
def test_a_refund_says_how_far_it_is_and_what_happens_next(buyer, cancelled, session, state, said):
    session.execute(sa.text("update refund set state = :state"), {"state": state})
    session.commit()
    page = buyer.page(f"/orders/{cancelled.reference}")
    assert said in page
    assert "Cancelled before the provider" in page
    assert "Back to the customer</th><td>£293.00" in page


def test_while_a_bank_asks_for_the_payment_back_both_read_so_in_plain_words(told, arrange, buyer, seller):
    made = arrange(commerce.delivered, told)
    arrange(told_by_bank, "needs_response", withdrawn=True)
    mine, theirs = buyer.page(f"/orders/{made.reference}"), seller.page(f"/pro/orders/{made.reference}")
    assert "Your bank is asking for the payment back" in mine
    assert "The customer&#39;s bank is asking for the payment back" in theirs
    for page in (mine, theirs):
        assert "£293.00 is frozen" in page
        assert "chargeback" not in page.lower()
        assert "escrow" not in page.lower()
        assert "fraud" not in page.lower()
    assert f'action="/orders/{made.reference}/accept_delivery"' not in mine


def test_a_question_of_a_bank_moves_nothing_and_says_so(told, arrange, buyer):
    made = arrange(commerce.delivered, told)
    arrange(told_by_bank, "warning_needs_response", withdrawn=False)
    page = buyer.page(f"/orders/{made.reference}")
    assert "Your bank has a question about the payment" in page
    assert f'action="/orders/{made.reference}/accept_delivery"' in page


def test_a_payment_the_bank_gave_back_is_counted_as_returned_by_the_bank(told, arrange, buyer, seller):
    made = arrange(commerce.delivered, told)
    arrange(told_by_bank, "needs_response", withdrawn=True)
    arrange(told_by_bank, "lost", withdrawn=True)
    page = buyer.page(f"/orders/{made.reference}")
    assert "Your bank gave the payment back" in page
    assert "Back by their bank</th><td>£293.00" in page
    assert "The bank decided: the payment went back to" in seller.page(f"/pro/orders/{made.reference}")


def test_a_payment_that_stands_releases_the_page_again(told, arrange, buyer):
    made = arrange(commerce.delivered, told)
    arrange(told_by_bank, "needs_response", withdrawn=True)
    arrange(told_by_bank, "won", withdrawn=True)
    page = buyer.page(f"/orders/{made.reference}")
    assert "is asking for the payment back" not in page.replace("<strong>Your bank is asking", "")
    assert "The bank decided: the payment stands" in page
    assert f'action="/orders/{made.reference}/accept_delivery"' in page
