"""The problem desk: both sides in order, the rule of two people, a decision that is worked out before it is made."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.clients.storage import StoredContent
from app.services.commerce import account as ledger_account
from app.services.commerce import dispute, ledger
from app.services.platform import stored_file
from models.actor import ActorKind
from models.commerce.dispute import Dispute, DisputeState
from models.commerce.dispute_file import DisputeFile
from models.commerce.escrow import Escrow, EscrowState
from models.commerce.journal_entry import JournalEntry
from models.commerce.order import Order, OrderState
from tests.factories import commerce
from tests.factories.staff import account, form, signed_in

SAID = "Two of the twelve circuits were not tested at all."
WHY = "The report names ten circuits; the photographs show twelve."


@pytest.fixture
def told(session):
    return commerce.story(session)


@pytest.fixture
def problem(session, told):
    order = commerce.delivered(session, told)
    row = dispute.open_dispute(session, order, actor=told.buyer.actor, code="not_done", text=SAID)
    session.commit()
    return row


@pytest.fixture
def desk(app, session):
    return signed_in(app, account(session, "Operations"))


def move(client, row, event, **changes):
    return client.post(f"/console/problems/move/{event}/{row.id}", data=form(**changes))


def work_out(client, row, kind="decide", **changes):
    return client.post(f"/console/problems/{kind}/{row.id}", data=form(**{"step": "look", **changes}))


def carry_out(client, row, kind="decide", **changes):
    data = form(**{"step": "look", **changes})
    page = client.post(f"/console/problems/{kind}/{row.id}", data=data).text
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    return client.post(f"/console/problems/{kind}/{row.id}", data={**data, "step": "do", "seen": seen})


def fresh(session, row):
    session.expire_all()
    return session.get(Dispute, row.id)


def taken_up(client, row):
    assert move(client, row, "take_up").status_code == 303


def test_the_page_shows_both_sides_in_order_what_is_held_and_until_when(app, session, told, problem, desk):
    dispute.respond(session, problem, actor=told.seller.actor, text="All twelve are in the report, on page four.")
    session.commit()
    page = desk.get(f"/console/problems/show/{problem.id}").text
    for words in (SAID, "on page four", "£288.00", "Day 0 of 89", "Up to £500.00 one person may decide.", "Customer"):
        assert words in page, words
    assert page.index(SAID) < page.index("on page four")
    assert "What happens by itself" in page


def test_the_queue_begins_with_the_soonest_deadline_and_counts_its_tabs(app, session, told, problem, desk):
    other = commerce.delivered(session, told)
    late = dispute.open_dispute(session, other, actor=told.buyer.actor, code="damage", text="The skirting is broken.")
    dispute.respond(session, late, actor=told.seller.actor, text="It was broken before we came.")
    session.commit()
    page = desk.get("/console/problems/list/").text
    assert page.index(problem.order.reference) < page.index(other.reference)
    assert ">To decide<span" in page.replace("\n", "")
    assert other.reference not in desk.get("/console/problems/list/?state=open").text


def test_a_decision_is_worked_out_then_made_and_posted_as_it_was_shown(app, session, problem, desk):
    taken_up(desk, problem)
    typed = {"outcome": "split", "buyer": "100.00", "fee": "y", "reasons": WHY}
    page = work_out(desk, problem, **typed).text
    for words in ("What it comes to", "£105.00", "£188.00 less commission", "Postings"):
        assert words in page, words
    assert fresh(session, problem).live
    answer = carry_out(desk, problem, **typed)
    assert answer.status_code == 303
    row = fresh(session, problem)
    assert row.state is DisputeState.decided_split
    assert (row.decided_minor, row.decided_fee) == (10_000, True)
    assert session.get(Order, row.order_id).state is OrderState.completed
    assert session.scalars(sa.select(Escrow)).one().state is EscrowState.settled
    page = desk.get(f"/console/problems/show/{row.id}").text
    assert "Statement of reasons".lower() in page.lower()
    assert WHY in page


def test_the_postings_of_a_decision_are_those_that_were_shown(app, session, problem, desk):
    from app.services.commerce import refund, settlement

    taken_up(desk, problem)
    order = session.get(Order, problem.order_id)
    found = settlement.preview(session, order, buyer_minor=10_000, fee=refund.fee_left(session, order))
    shown = sorted((one.account.code.partition(":")[0], one.amount) for one in found.lines)
    carry_out(desk, problem, outcome="split", buyer="100.00", fee="y", reasons=WHY)
    session.expire_all()
    events = ("escrow.released", "refund.requested")
    ids = set(session.scalars(sa.select(JournalEntry.id).where(JournalEntry.event.in_(events))))
    posted = [line for one, lines in ledger.entries(session, f"order:{order.id}") if one.id in ids for line in lines]
    assert sorted((line.code.partition(":")[0], line.amount) for line in posted) == shown
    assert ledger_account.balance(session, ledger_account.escrow(order.id), "GBP") == 0


def test_above_the_limit_one_proposes_and_another_decides_exactly_that(app, session, problem, desk):
    problem.two_people = True
    session.commit()
    support = signed_in(app, account(session, "Support agent"))
    taken_up(desk, problem)
    page = desk.get(f"/console/problems/show/{problem.id}").text
    assert "two people decide" in page
    assert carry_out(desk, problem, outcome="release", reasons=WHY).status_code == 409
    assert carry_out(support, problem, "propose", outcome="split", buyer="88.00", text=WHY).status_code == 303
    assert support.get(f"/console/problems/decide/{problem.id}").status_code == 403
    other = carry_out(desk, problem, outcome="split", buyer="100.00", reasons=WHY)
    assert other.status_code == 409
    assert "So much is held that two people decide" in other.text
    assert 'value="88.00"' in desk.get(f"/console/problems/decide/{problem.id}").text
    assert carry_out(desk, problem, outcome="split", buyer="88.00", reasons=WHY).status_code == 303
    assert fresh(session, problem).decided_minor == 8_800


def test_the_proposer_reads_that_another_must_decide(app, session, problem, desk):
    problem.two_people = True
    session.commit()
    taken_up(desk, problem)
    assert carry_out(desk, problem, "propose", outcome="split", buyer="88.00", text=WHY).status_code == 303
    page = desk.get(f"/console/problems/show/{problem.id}").text
    assert "Another person than the one who proposed it must decide." in page
    assert carry_out(desk, problem, outcome="split", buyer="88.00", reasons=WHY).status_code == 409
    assert fresh(session, problem).live


def test_a_decision_sent_twice_is_made_once(app, session, problem, desk):
    taken_up(desk, problem)
    data = form(outcome="refund", reasons=WHY, step="look")
    page = desk.post(f"/console/problems/decide/{problem.id}", data=data).text
    data = {**data, "step": "do", "seen": re.search(r'name="seen" value="([^"]+)"', page)[1]}
    answers = [desk.post(f"/console/problems/decide/{problem.id}", data=data) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert fresh(session, problem).state is DisputeState.decided_refund


def test_what_was_typed_is_kept_when_it_cannot_be_divided_so(app, session, problem, desk):
    taken_up(desk, problem)
    answer = work_out(desk, problem, outcome="split", buyer="300.00", reasons=WHY)
    assert answer.status_code == 422
    assert "Enter a sum from 0 to £288.00" in answer.text
    assert 'value="300.00"' in answer.text
    assert WHY in answer.text
    assert "Choose who gets it" in work_out(desk, problem, reasons=WHY).text
    assert work_out(desk, problem, outcome="release", fee="y", reasons=WHY).status_code == 422


def test_a_party_is_asked_and_a_note_is_added(app, session, told, problem, desk):
    taken_up(desk, problem)
    assert move(desk, problem, "request_info", party="nobody", question="Which circuits?").status_code == 422
    assert (
        move(desk, problem, "request_info", party="seller", question="Which circuits were tested?").status_code == 303
    )
    row = fresh(session, problem)
    assert (row.state, row.asked_party) == (DisputeState.awaiting_info, ActorKind.seller)
    assert move(desk, problem, "add", text="We called both of them today.").status_code == 303
    assert "We called both of them today." in desk.get(f"/console/problems/show/{problem.id}").text


def test_staff_report_a_problem_for_a_party_and_may_take_it_back(app, session, told, desk):
    order = commerce.delivered(session, told)
    session.commit()
    support = signed_in(app, account(session, "Support agent"))
    assert f"/console/problems/report/{order.id}" in support.get(f"/console/orders/show/{order.id}").text
    short = support.post(f"/console/problems/report/{order.id}", data=form(code="damage", text="No"))
    assert short.status_code == 422
    answer = support.post(f"/console/problems/report/{order.id}", data=form(code="damage", text=SAID))
    assert answer.status_code == 303
    row = session.scalars(sa.select(Dispute)).one()
    assert session.scalars(sa.select(Escrow)).one().state is EscrowState.frozen
    assert move(support, row, "withdraw", reason="They have made peace.").status_code == 303
    assert fresh(session, row).state is DisputeState.withdrawn
    session.expire_all()
    assert session.get(Order, order.id).state is OrderState.delivered


def test_a_file_is_downloaded_from_its_own_problem_only(app, session, told, desk):
    content = app.extensions["parts"].storage.put_content(b"a photo", ".jpg")
    file = stored_file.record(session, StoredContent(content.key, content.sha256, content.size),
                              media_type="image/jpeg", purpose="dispute")  # fmt: skip
    orders = [commerce.delivered(session, told) for _ in range(2)]
    rows = [
        dispute.open_dispute(session, one, actor=told.buyer.actor, code="damage", text=SAID,
                             exhibits=[dispute.Exhibit(file, "The board")] if one is orders[0] else ())
        for one in orders
    ]  # fmt: skip
    session.commit()
    key = session.scalars(sa.select(DisputeFile.id)).one()
    assert desk.get(f"/console/problems/file/{rows[0].id}/{key}").data == b"a photo"
    assert desk.get(f"/console/problems/file/{rows[1].id}/{key}").status_code == 404
    assert (
        signed_in(app, account(session, "Moderator")).get(f"/console/problems/file/{rows[0].id}/{key}").status_code
        == 403
    )


def test_an_auditor_reads_problems_and_has_no_button(app, session, problem):
    auditor = signed_in(app, account(session, "Auditor"))
    page = auditor.get(f"/console/problems/show/{problem.id}").text
    assert SAID in page
    assert "/move/take_up/" not in page
    assert move(auditor, problem, "take_up").status_code == 403
    assert auditor.get(f"/console/problems/decide/{problem.id}").status_code == 403
