"""Dead letters, sellers' moves and the books, as staff use them."""

from __future__ import annotations

from datetime import timedelta

from app.services.platform import clock
from models.people.seller import Seller, SellerState
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now, uuid7
from tests.factories import people, trader
from tests.factories.staff import account, form, signed_in


def letter(session, **values):
    row = OutboxMessage(
        job="commerce.contract.write",
        queue="default",
        key=f"contract:{uuid7()}",
        payload={"order_id": "x"},
        request_id="",
        traceparent="",
        not_before=utc_now(),
        **values,
    )
    session.add(row)
    session.commit()
    return row


def test_ticked_dead_letters_run_again_and_others_are_left_alone(app, session):
    dead, alive = letter(session, dead_at=utc_now(), failures=8, last_error="it broke"), letter(session)
    client = signed_in(app, account(session, "Operations"))
    assert "1<span" in client.get("/console/").text  # one waits on the outbox
    answer = client.post("/console/outbox/action_post", data=form(action="rerun", rowid=[str(dead.id), str(alive.id)]))
    assert (answer.status_code, answer.location) == (303, "/console/outbox/list/")
    page = client.get("/console/outbox/list/").text
    assert "1 will run again" in page
    assert "1 left alone" in page
    session.expire_all()
    assert (dead.dead_at, dead.failures) == (None, 0)


def test_an_action_leads_back_to_the_narrowed_list_but_never_to_another_site(app, session):
    dead = letter(session, dead_at=utc_now())
    client = signed_in(app, account(session, "Operations"))
    data = {"action": "rerun", "rowid": [str(dead.id)]}
    for came_from, leads_to in (
        ("http://localhost/console/outbox/list/?state=dead", "/console/outbox/list/?state=dead"),
        ("http://evil.test/x?y=1", "/console/outbox/list/"),
    ):
        answer = client.post("/console/outbox/action_post", data=form(**data), headers={"Referer": came_from})
        assert answer.location == leads_to


def test_operations_approves_a_seller_and_restricts_them_with_a_reason(app, session):
    party = people.provider(session, active=False)
    session.commit()
    client = signed_in(app, account(session, "Operations"))
    base = f"/console/sellers/move/{{}}/{party.seller.id}"
    assert client.post(base.format("lift")).status_code == 422
    assert client.post(base.format("lift"), data=form(reason="why not")).status_code == 409
    refused = client.post(base.format("approve"), data=form())
    assert refused.status_code == 409
    assert "Not checked yet: Person responsible" in refused.text
    trader.checked(session, party.seller, actor=people.operator(session, "Operations"))
    session.commit()
    assert client.post(base.format("approve"), data=form()).status_code == 303
    assert client.post(base.format("restrict"), data={"reason": "  "}).status_code == 422
    assert client.post(base.format("restrict"), data=form(reason="Three complaints in a week.")).status_code == 303
    session.expire_all()
    assert session.get(Seller, party.seller.id).state is SellerState.restricted
    page = client.get(f"/console/sellers/show/{party.seller.id}").text
    assert "Three complaints in a week." in page
    assert "Operations" in page or "restrict" in page


def test_notice_to_a_seller_is_at_least_thirty_days(app, session):
    party = people.provider(session)
    session.commit()
    client = signed_in(app, account(session, "Operations"))
    for day, status in (("nonsense", 422), ("2020-01-01", 422), ("2031-01-01", 303)):
        data = form(reason="Repeated infringement.", effective_on=day)
        answer = client.post(f"/console/sellers/move/notice_terminate/{party.seller.id}", data=data)
        assert answer.status_code == status, day


def test_a_screen_says_that_the_clock_is_moved(app, session, monkeypatch):
    console = signed_in(app, account(session, "Operations"))
    assert "Rehearsal" not in console.get("/console/timers/list/").text
    monkeypatch.setattr(clock, "shift", lambda: timedelta(days=6))
    assert "Rehearsal: the clock is 6 d ahead" in console.get("/console/timers/list/").text


def test_the_invariants_page_asks_and_says_that_all_hold(app, session):
    page = signed_in(app, account(session, "Finance clerk")).get("/console/invariants/").text
    assert "Every journal entry has at least two lines" in page
    assert "Broken" not in page


def test_no_form_of_the_console_edits_the_state_of_a_machine(app):
    """A move is a POST with a verb; a field named state would be a way around it."""
    for view in app.appbuilder.baseviews:
        for kind in ("add", "edit"):
            form = getattr(view, f"{kind}_form", None)
            assert form is None or not hasattr(form, "state"), view.endpoint
