"""The chargeback desk: what the bank took, what is at stake, our one answer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clients.payments import Dispute
from app.services.commerce import chargeback
from app.services.platform import clock
from models.commerce.chargeback import Chargeback, ChargebackState
from models.commerce.payment import Payment
from models.platform.outbox_message import OutboxMessage
from tests.factories import commerce
from tests.factories.staff import account, form, signed_in
from views import drawing

TEXT = "The work was agreed on the 3rd, done on the 9th and accepted by the customer the same day."


def said(payment, **changes):
    facts = {
        "id": "dp_1", "status": "needs_response", "reason": "product_not_received", "intent_id": payment.intent_id,
        "amount_minor": payment.captured_minor, "currency": "GBP", "fee_minor": 2000,
        "due_at": clock.now() + timedelta(days=9), "withdrawn": True,
    }  # fmt: skip
    return Dispute(**{**facts, **changes})


def contested(session, order, **changes):
    payment = session.scalars(sa.select(Payment).where(Payment.checkout_id == order.checkout_id)).one()
    row = chargeback.follow(session, payment, said(payment, **changes))
    session.commit()
    return row


@pytest.fixture
def case(session):
    return contested(session, commerce.delivered(session, commerce.story(session)))


@pytest.fixture
def finance(app, session):
    return signed_in(app, account(session, "Finance clerk"))


def move(client, row, event, **changes):
    return client.post(f"/console/chargebacks/move/{event}/{row.id}", data=form(**changes))


def test_the_page_says_in_words_what_a_loss_would_cost_and_whom(app, session, case, finance):
    page = finance.get(f"/console/chargebacks/show/{case.id}").text
    for words in (
        "£293.00", "Product not received", "£20.00", "£288.00 leaves the payment hold.",
        "£5.00 of the order fee is given up.", "Nothing else of this order moves", "chargeback.opened",
    ):  # fmt: skip
        assert words in page, words


def test_what_the_outlook_says_is_what_a_loss_books(app, session):
    order = commerce.completed(session, commerce.story(session))
    case = contested(session, order)
    found = chargeback.outlook(session, case)
    assert (found.held, found.seller, found.commission, found.fee, found.loss) == (0, 25344, 3456, 500, 0)
    payment = session.get(Payment, case.payment_id)
    chargeback.follow(session, payment, said(payment, status="lost"))
    session.commit()
    from app.services.commerce import account as ledger_account

    pending = ledger_account.seller_pending(order.seller_organisation_id)
    assert ledger_account.balance(session, pending, "GBP") == 0
    assert ledger_account.balance(session, ledger_account.CHARGEBACK_LOSS, "GBP") == 0


def test_evidence_goes_to_the_bank_once(app, session, case, finance):
    data = form(text=TEXT)
    for _ in range(2):
        assert finance.post(f"/console/chargebacks/move/submit_evidence/{case.id}", data=data).status_code == 303
    session.expire_all()
    assert session.get(Chargeback, case.id).state is ChargebackState.under_review
    asked = sa.select(sa.func.count()).where(OutboxMessage.job == "commerce.chargeback.submit_evidence")
    assert session.scalar(asked) == 1
    assert TEXT in finance.get(f"/console/chargebacks/show/{case.id}").text


def test_a_short_answer_is_sent_back_with_what_was_typed(app, session, case, finance):
    answer = move(finance, case, "submit_evidence", text="It was done.")
    assert answer.status_code == 422
    assert "Tell the bank what was agreed, done and accepted." in answer.text
    assert "It was done.</textarea>" in answer.text


def test_conceding_needs_a_reason_and_finance(app, session, case, finance):
    assert move(signed_in(app, account(session, "Support agent")), case, "concede", reason=TEXT).status_code == 403
    assert move(finance, case, "concede", reason="").status_code == 422
    assert move(finance, case, "concede", reason="The provider never went there.").status_code == 303
    session.expire_all()
    assert session.get(Chargeback, case.id).concession


def test_a_contested_order_says_so_and_offers_no_refund(app, session, case):
    support = signed_in(app, account(session, "Support agent"))
    page = support.get(f"/console/orders/show/{case.order_id}").text
    assert "Nothing can move until the bank has decided." in page
    assert f"/console/chargebacks/show/{case.id}" in page


def test_an_inquiry_moved_no_money_and_says_so(app, session, finance):
    order = commerce.delivered(session, commerce.story(session))
    case = contested(session, order, status="warning_needs_response", withdrawn=False, fee_minor=0)
    page = finance.get(f"/console/chargebacks/show/{case.id}").text
    assert "The bank only asks. No money has moved" in page
    assert "Inquiry" in finance.get("/console/chargebacks/list/?state=needs_response").text


def home(client) -> dict[str, tuple[int, str]]:
    """What waits, by its words: how many, and where they are listed."""
    page = client.get("/console/").text
    found = re.findall(r'<a href="([^"]+)"(?: data-urgent)?><b>(\d+)</b>.*?<span>([^<]+)', page)
    return {label: (int(count), href.replace("&amp;", "&")) for href, count, label in found}


LOST = "Letters that have not reached the bank"
STUCK = "/console/chargebacks/list/?letter=stuck"


@pytest.fixture
def written(session, case, finance):
    """`written(minutes)` is the case whose letter was sent off so long ago, and of which the bank has none."""

    def write(minutes):
        assert move(finance, case, "submit_evidence", text=TEXT).status_code == 303
        session.expire_all()
        row = session.get(Chargeback, case.id)
        row.state_entered_at = clock.now() - timedelta(minutes=minutes)
        session.commit()
        return row

    return write


def test_a_letter_that_does_not_reach_the_bank_waits_for_finance(app, session, written, finance):
    row = written(11)
    assert home(finance)[LOST] == (1, STUCK)
    assert f"/console/chargebacks/show/{row.id}" in finance.get(STUCK).text
    for role in ("Operations", "Support agent", "Auditor"):
        assert LOST not in home(signed_in(app, account(session, role))), role


def test_the_page_says_that_the_letter_is_stuck_until_when_it_counts_and_who_knows_why(app, session, written, finance):
    row = written(11)
    page = finance.get(f"/console/chargebacks/show/{row.id}").text
    said = " ".join(re.sub(r"<[^>]+>", "", page).split())
    with app.app_context():
        due = drawing.when(row.evidence_due_at).striptags()
    assert f"not reached the bank yet. Its deadline is {due}; Operations sees why under Outbox." in said
    assert "on its way" not in page
    assert "/console/outbox/" not in page
    page = signed_in(app, account(session, "Operations")).get(f"/console/chargebacks/show/{row.id}").text
    assert f"/console/outbox/list/?q={row.id}" in page


def test_operations_finds_the_message_of_the_letter_behind_the_link(app, session, written):
    row = written(11)
    page = signed_in(app, account(session, "Operations")).get(f"/console/outbox/list/?q={row.id}").text
    assert "commerce.chargeback.submit_evidence" in page


def test_a_deadline_that_is_over_is_said_to_be_over(session, written, finance):
    row = written(11)
    row.evidence_due_at = clock.now() - timedelta(hours=1)
    session.commit()
    assert "Its deadline was" in finance.get(f"/console/chargebacks/show/{row.id}").text


def test_a_letter_that_was_just_written_is_on_its_way_and_nobodys_duty(written, finance):
    row = written(9)
    assert LOST not in home(finance)
    page = finance.get(f"/console/chargebacks/show/{row.id}").text
    assert "on its way" in page
    assert "has not reached the bank" not in page


def test_a_letter_that_the_bank_has_is_nobodys_duty(session, written, finance):
    row = written(11)
    chargeback.evidence_sent(session, row.id)
    session.commit()
    assert LOST not in home(finance)
    page = finance.get(f"/console/chargebacks/show/{row.id}").text
    assert "What we told the bank" in page
    assert "has not reached the bank" not in page


def test_a_case_without_a_letter_or_with_an_end_has_none_to_lose(session, written, finance):
    row = written(11)
    text, row.evidence_text = row.evidence_text, ""
    session.commit()
    assert LOST not in home(finance)
    row.evidence_text, row.concession = text, True
    session.commit()
    assert LOST not in home(finance)
    row.concession = False
    chargeback.follow(session, session.get(Payment, row.payment_id), said(row.payment, status="won"))
    row.state_entered_at = clock.now() - timedelta(days=1)
    session.commit()
    assert LOST not in home(finance)
    assert "Nothing says that it reached the bank." in finance.get(f"/console/chargebacks/show/{row.id}").text
