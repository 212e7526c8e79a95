"""Deletion requests in the console: the queue says what stands in the way, and who may decide decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from app.services.people import account_deletion, account_standing
from models.people.deletion_request import DeletionRequest, DeletionState
from models.platform.audit_event import AuditEvent
from tests.factories import commerce, people
from tests.factories.staff import account, form, signed_in
from tools.bench.paired import statements

LIST = "/console/deletion-requests/list/"


@pytest.fixture
def waiting(arrange):
    """A request whose days to think are over, and one that waits for an open order."""

    def make(work):
        told = commerce.story(work)
        ann = people.customer(work, name="Ann Reyes")
        rows = [account_deletion.ask_deletion(work, one.user) for one in (ann, told.buyer)]
        commerce.paid(work, told)
        for row in rows:
            row.created_at, row.due_at = (at - timedelta(days=15) for at in (row.created_at, row.due_at))
        work.flush()
        return [row.id for row in rows]

    return arrange(make)


def press(client, event, pk, **typed):
    return client.post(f"/console/deletion-requests/move/{event}/{pk}", data=form(**typed))


def state(session, pk):
    session.rollback()
    return session.get_one(DeletionRequest, pk).state


def test_the_queue_says_who_asked_and_what_stands_in_the_way(app, session, waiting):
    page = signed_in(app, account(session, "Privacy officer")).get(LIST).text
    assert "Ann Reyes" in page
    assert "is open." in page
    assert "What stands in the way" in page


@pytest.mark.parametrize("role", ["Operations", "Privacy officer"])
def test_who_may_decide_deletes_when_nothing_stands_in_the_way(app, session, waiting, role):
    client, (free, held) = signed_in(app, account(session, role)), waiting
    assert press(client, "carry_out", free).status_code == 303
    assert state(session, free) is DeletionState.completed
    refused = press(client, "carry_out", held)
    assert (refused.status_code, "is open" in refused.text) == (409, True)
    assert state(session, held) is DeletionState.waiting
    assert "Deleted person" in client.get(f"/console/deletion-requests/show/{free}").text


def test_a_refusal_needs_its_reasons(app, session, waiting):
    client = signed_in(app, account(session, "Privacy officer"))
    assert press(client, "refuse", waiting[1], reason="").status_code == 422
    assert press(client, "refuse", waiting[1], reason="A court asked us to keep it.").status_code == 303
    assert "A court asked us" in client.get(f"/console/deletion-requests/show/{waiting[1]}").text
    sealed = session.scalars(sa.select(AuditEvent)).all()
    assert not [one for one in sealed if "A court" in f"{one.reason}{one.after}{one.before}"], "it names people: aside"


def test_the_queue_says_that_an_account_is_suspended(app, session, arrange, waiting):
    user_id = session.get_one(DeletionRequest, waiting[0]).user_id
    why = "Three payments were taken back."
    arrange(lambda work: account_standing.suspend(work, work.get_one(User, user_id), reason=why))
    client = signed_in(app, account(session, "Privacy officer"))
    for page in (LIST, f"/console/deletion-requests/show/{waiting[0]}"):
        assert "The account is suspended" in client.get(page).text


def test_the_persons_story_tells_of_the_request_and_its_refusal(app, session, waiting):
    client = signed_in(app, account(session, "Operations"))
    press(client, "refuse", waiting[0], reason="A court asked us to keep it.")
    page = client.get(f"/console/people/show/{session.get_one(DeletionRequest, waiting[0]).user_id}").text
    assert "asked for the account to be deleted" in page
    assert "refused to delete the account" in page
    assert "A court asked us to keep it." in page


def test_support_reads_and_does_not_decide(app, session, waiting):
    client = signed_in(app, account(session, "Support agent"))
    page = client.get(f"/console/deletion-requests/show/{waiting[0]}")
    assert page.status_code == 200
    assert "Delete the account" not in page.text
    assert press(client, "carry_out", waiting[0]).status_code == 403
    assert signed_in(app, account(session, "Administrator")).get(LIST).status_code == 403


def test_the_persons_page_shows_the_request_and_what_became_of_it(app, session, waiting):
    client = signed_in(app, account(session, "Operations"))
    user_id = session.get_one(DeletionRequest, waiting[0]).user_id
    assert "To be deleted" in client.get(f"/console/people/show/{user_id}").text
    press(client, "carry_out", waiting[0])
    page = client.get(f"/console/people/show/{user_id}").text
    assert f"/console/deletion-requests/show/{waiting[0]}" in page
    assert "ended the account" in page
    assert "Suspend" not in page.partition('class="life"')[2].partition("</section>")[0]


def test_the_statements_of_the_queue_do_not_grow(app, session, arrange, waiting):
    client, costs = signed_in(app, account(session, "Auditor")), []
    for number in (1, 6):
        arrange(
            lambda work, n=number: [account_deletion.ask_deletion(work, people.customer(work).user) for _ in range(n)]
        )
        client.get(LIST)
        with statements() as seen:
            assert client.get(LIST).status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1]
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) > 7
