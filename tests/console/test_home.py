"""The first page: what waits for whom, and nothing that is somebody else's."""

from __future__ import annotations

import re

import sqlalchemy as sa

from models.platform.outbox_message import OutboxMessage
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


def test_nothing_waits_is_said(app, session):
    page = signed_in(app, account(session, "Finance clerk")).get("/console/").text
    assert "Nothing waits for you right now." in page
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxMessage)) == 0
