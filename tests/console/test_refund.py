"""The refund desk: one person asks, sees first what it comes to, and another approves exactly that."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.clients.payments import RefundResult
from app.services.commerce import account as ledger_account
from app.services.commerce import dispute, ledger, refund, refund_request
from models.commerce.journal_entry import JournalEntry
from models.commerce.refund import Refund, RefundCause, RefundState
from models.types import uuid7
from tests.factories import commerce
from tests.factories.staff import account, form, signed_in

WHY = "Two of the twelve circuits were not tested."


@pytest.fixture
def order(session):
    made = commerce.completed(session, commerce.story(session))
    session.commit()
    return made


@pytest.fixture
def support(app, session):
    return signed_in(app, account(session, "Support agent"))


@pytest.fixture
def finance(app, session):
    return signed_in(app, account(session, "Finance clerk"))


def typed(order, step="look", **changes):
    return form(
        **{f"line_{order.lines[0].id}": "48.00", "cause": "not_as_described", "reason": WHY, "step": step, **changes}
    )


def ask(client, order, data):
    return client.post(f"/console/refunds/new/{order.id}", data=data)


def seen(page):
    return re.search(r'name="seen" value="([^"]+)"', page)[1]


def asked_for(client, session, order):
    data = typed(order)
    page = ask(client, order, data).text
    assert ask(client, order, {**data, "step": "do", "seen": seen(page)}).status_code == 303
    session.expire_all()
    return session.scalars(sa.select(Refund)).one()


def move(client, row, event, **changes):
    return client.post(f"/console/refunds/move/{event}/{row.id}", data=form(**changes))


def state(session, row):
    session.expire_all()
    return session.get(Refund, row.id).state


def approved(client, session, row):
    page = client.get(f"/console/refunds/show/{row.id}").text
    return move(client, row, "approve", seen=seen(page))


def test_the_preview_says_what_everybody_gets_and_posts_nothing(app, session, order, support):
    page = ask(support, order, typed(order, fee="y")).text
    for words in ("What it comes to", "£53.00", "Provider, earned and not payable yet", "Our commission", "Debit"):
        assert words in page, words
    assert "Ask for this refund" in page
    assert session.scalars(sa.select(Refund)).all() == []


def test_support_asks_finance_approves_and_the_postings_are_those_of_the_preview(app, session, order, support, finance):
    row = asked_for(support, session, order)
    promised = sorted((one.account.code, one.amount) for one in refund_request.preview_of(session, row).lines)
    assert row.state is RefundState.requested
    assert approved(finance, session, row).status_code == 303
    assert state(session, row) is RefundState.approved
    entry = session.scalars(sa.select(JournalEntry).where(JournalEntry.event == "refund.clawed_back")).one()
    posted = [lines for one, lines in ledger.entries(session, f"order:{order.id}") if one.id == entry.id]
    assert sorted((line.code, line.amount) for line in posted[0]) == promised
    page = finance.get(f"/console/refunds/show/{row.id}").text
    assert "taken back from the provider" in page
    assert "refund.clawed_back" in page


def test_a_form_sent_twice_asks_once(app, session, order, support):
    data = typed(order)
    data = {**data, "step": "do", "seen": seen(ask(support, order, data).text)}
    first, second = ask(support, order, data), ask(support, order, data)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert session.scalar(sa.select(sa.func.count()).select_from(Refund)) == 1


def test_what_was_typed_is_kept_when_it_cannot_be_refunded(app, session, order, support):
    answer = ask(support, order, typed(order, **{f"line_{order.lines[0].id}": "9,999.00"}))
    assert answer.status_code == 422
    assert "At most £288.00 is left to refund of this line." in answer.text
    assert 'value="9,999.00"' in answer.text
    assert WHY in answer.text
    assert ask(support, order, typed(order, cause="hold_limit")).status_code == 422
    assert ask(support, order, typed(order, reason=" ")).status_code == 422


def test_what_changed_since_it_was_seen_is_shown_again_and_not_done(app, session, order, support):
    data = typed(order)
    page = ask(support, order, data).text
    other = {**data, f"line_{order.lines[0].id}": "50.00", "step": "do", "seen": seen(page)}
    answer = ask(support, order, other)
    assert answer.status_code == 409
    assert "has changed since you looked" in answer.text
    assert "£50.00" in answer.text
    assert session.scalars(sa.select(Refund)).all() == []


def test_one_amount_is_spread_over_the_lines_of_an_order_that_has_several(app, session, support):
    told = commerce.story(session)
    order = commerce.delivered(session, told, commerce.paid_for(session, told))
    session.commit()
    data = form(amount="43.09", cause="goodwill", reason=WHY, step="look")
    page = ask(support, order, data).text
    for words in ("£28.80", "£10.80", "£3.49", "£43.09"):
        assert words in page, words
    both = {**data, f"line_{order.lines[0].id}": "1.00"}
    assert "not both" in ask(support, order, both).text


def test_whoever_asks_cannot_approve_and_whoever_approves_cannot_ask(app, session, order, support, finance):
    row = asked_for(support, session, order)
    assert move(support, row, "approve", seen="x").status_code == 403
    assert ask(finance, order, typed(order)).status_code == 403
    assert signed_in(app, account(session, "Moderator")).get(f"/console/refunds/show/{row.id}").status_code == 403
    assert state(session, row) is RefundState.requested


def test_the_requester_reads_why_they_may_not_approve_their_own(app, session, order):
    clerk = account(session, "Finance clerk")
    row = refund_request.request(
        session, order, lines={order.lines[0].id: 4800}, cause=RefundCause.overcharged, reason=WHY,
        actor=staff(clerk),
    )  # fmt: skip
    session.commit()
    client = signed_in(app, clerk)
    page = client.get(f"/console/refunds/show/{row.id}").text
    assert "Another person than the one who asked for it must approve it." in page
    answer = move(client, row, "approve", seen=seen_of(session, row))
    assert answer.status_code == 409
    assert state(session, row) is RefundState.requested


def test_an_approval_of_figures_that_moved_is_refused(app, session, order, support, finance):
    row = asked_for(support, session, order)
    answer = move(finance, row, "approve", seen="something else")
    assert answer.status_code == 409
    assert "has changed since you looked" in answer.text


def test_a_rejection_needs_its_reason(app, session, order, support, finance):
    row = asked_for(support, session, order)
    assert move(finance, row, "reject", reason="").status_code == 422
    assert move(finance, row, "reject", reason="The report lists all twelve.").status_code == 303
    assert state(session, row) is RefundState.rejected


def test_a_failed_refund_goes_by_bank_and_two_people_stand_for_it(app, session, order, support, finance):
    row = asked_for(support, session, order)
    approved(finance, session, row)
    failed(session, row)
    page = finance.get("/console/refunds/list/?state=failed").text
    assert order.reference in page
    assert move(finance, row, "record_transfer", reference="").status_code == 422
    assert move(finance, row, "record_transfer", reference="FP 24 NOV 0017").status_code == 303
    page = finance.get(f"/console/refunds/show/{row.id}").text
    assert "Another person than the one who entered it must confirm." in page
    assert move(finance, row, "bank_transfer").status_code == 409
    assert move(finance, row, "withdraw_transfer").status_code == 303
    assert move(finance, row, "record_transfer", reference="FP 24 NOV 0018").status_code == 303
    other = signed_in(app, account(session, "Finance clerk"))
    assert move(other, row, "bank_transfer").status_code == 303
    assert state(session, row) is RefundState.settled_manually
    assert ledger_account.balance(session, ledger_account.refund_in_transit(row.id), "GBP") == 0


def test_a_failed_refund_is_sent_again_once(app, session, order, support, finance):
    row = asked_for(support, session, order)
    approved(finance, session, row)
    failed(session, row)
    data = form()
    for _ in range(2):
        assert finance.post(f"/console/refunds/move/retry/{row.id}", data=data).status_code == 303
    assert state(session, row) is RefundState.approved


def test_a_frozen_hold_is_told_on_the_order_and_on_the_form(app, session, support):
    told = commerce.story(session)
    order = commerce.delivered(session, told)
    dispute.open_dispute(session, order, actor=told.buyer.actor, code="poor_work", text="The board is still warm.")
    session.commit()
    page = support.get(f"/console/orders/show/{order.id}").text
    assert "The payment hold is frozen. Decide the problem first." in page
    answer = ask(support, order, typed(order))
    assert answer.status_code == 409
    assert "The payment hold is frozen" in answer.text


def staff(user):
    from models.actor import Actor

    return Actor.operator(user.id)


def seen_of(session, row):
    from views.worksheet import mark

    return mark(refund_request.preview_of(session, row))


def failed(session, row):
    """The provider took it and then said no."""
    session.rollback()
    submission = refund.begin_submission(session, row.id)
    said = RefundResult(
        id=f"re_{uuid7().hex}", status="failed", intent_id=submission.intent_id,
        amount_minor=submission.amount_minor, currency="GBP",
        reference=str(row.id), failure_reason="expired_or_canceled_card", metadata={refund.ATTEMPT: "1"},
    )  # fmt: skip
    refund.follow(session, session.get(Refund, row.id), said)
    session.commit()
