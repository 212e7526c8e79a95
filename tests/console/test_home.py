"""The first page: what waits for whom, and nothing that is somebody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.services.platform import clock
from models.commerce.escrow import Escrow
from models.platform.outbox_message import OutboxMessage
from tests.factories import commerce
from tests.factories.desks import problems
from tests.factories.staff import account, signed_in
from tools.bench.paired import statements


def lines(app, session, role):
    page = signed_in(app, account(session, role)).get("/console/").text
    found = re.findall(r'<a href="([^"]+)"( data-urgent)?><b>(\d+)</b>.*?<span>([^<]+)', page)
    return {label: (int(count), href.replace("&amp;", "&")) for href, _, count, label in found}


def test_each_role_reads_what_it_can_do_something_about(app, session):
    problems(session, 2)
    finance, operations = lines(app, session, "Finance clerk"), lines(app, session, "Operations")
    assert finance == {"Refunds to approve": (2, "/console/refunds/list/?state=requested")}
    assert operations["Problems to decide"] == (2, "/console/problems/list/?state=under_review")
    assert operations["Dead letters"][0] == 1
    assert "Refunds to approve" not in operations
    assert lines(app, session, "Auditor") == {}
    assert "Waits for you" not in signed_in(app, account(session, "Auditor")).get("/console/").text


def test_each_figure_is_the_number_of_rows_behind_its_link(app, session):
    problems(session, 2)
    for role in ("Finance clerk", "Operations", "Moderator"):
        user = account(session, role)
        for label, (count, href) in lines(app, session, role).items():
            page = signed_in(app, user).get(href).text
            assert f'<span class="count">{count}</span>' in page, label


def test_what_waits_costs_the_same_however_much_it_is(app, session):
    costs = []
    for number in (1, 4):
        problems(session, number)
        client = signed_in(app, account(session, "Operations"))
        client.get("/console/")
        with statements() as seen:
            assert client.get("/console/").status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1]
    assert costs[1] <= 7, costs  # the last one: views that somebody kept


@pytest.fixture
def old_hold(session):
    """An order whose money has been held for 86 days."""
    order = commerce.paid(session, commerce.story(session))
    hold = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one()
    hold.captured_at = clock.now() - timedelta(days=86)
    session.commit()
    return order


def test_the_alarm_of_old_holds_reaches_who_may_cancel_and_who_pays_back(app, session, old_hold):
    alarm, old = "Holds of 85 days or more, refunded on day 89", "Holds of 80 days or more"
    for role in ("Operations", "Finance clerk"):
        assert lines(app, session, role)[alarm] == (1, "/console/orders/list/?hold=ends"), role
        assert old_hold.reference in signed_in(app, account(session, role)).get("/console/orders/list/?hold=ends").text
    assert old in lines(app, session, "Operations")
    assert old not in lines(app, session, "Finance clerk")
    for role in ("Support agent", "Auditor"):
        assert alarm not in lines(app, session, role), role


def test_what_waits_for_finance_is_asked_in_as_few_statements(app, session, old_hold):
    client = signed_in(app, account(session, "Finance clerk"))
    client.get("/console/")
    with statements() as seen:
        assert client.get("/console/").status_code == 200
    assert len(seen) <= 7, seen


def test_nothing_waits_is_said(app, session):
    page = signed_in(app, account(session, "Finance clerk")).get("/console/").text
    assert "Nothing waits for you right now." in page
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMessage)) == 0
