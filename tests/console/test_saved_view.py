"""Saved views: what was on the screen is what is kept, whatever the address holds, however often the form is sent."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app import session as sessions
from app.services.platform import saved_view
from app.unit_of_work import unit_of_work
from models.errors import Conflict
from models.platform.saved_view import SavedView
from tests.commerce.test_races import CLOCKWORK, _meanwhile
from tests.factories.staff import account, signed_in

LIST = "/console/outbox/list/"
SCREEN = "OutboxView"


@pytest.fixture
def owner(session):
    return account(session, "Auditor")


@pytest.fixture
def desk(app, owner):
    return signed_in(app, owner)


def save(client, query, **typed):
    return client.post("/console/views/save", data={"screen": SCREEN, "query": query, "name": "Mine", **typed})


def kept(session):
    session.expire_all()
    return session.scalars(sa.select(SavedView)).all()


def test_until_a_day_is_kept_as_until_that_day_and_found_again(desk, session):
    answer = save(desk, "asked=&asked=2026-03-26&q=&state=&cols=")
    assert [row.query for row in kept(session)] == [{"asked": ["", "2026-03-26"]}]
    page = desk.get(answer.location).text
    assert "until 26 Mar 2026" in page
    assert "This view" in page


def test_a_day_to_begin_with_and_the_same_day_to_end_with_are_two_views(desk, session):
    save(desk, "asked=&asked=2026-03-26")
    page = desk.get(f"{LIST}?asked=2026-03-26&asked=").text
    assert "Save view" in page
    assert "This view" not in page


@pytest.mark.parametrize(
    ("query", "asked", "same"),
    [
        ({"state": ["dead", "sent"]}, {"state": ["sent", "dead"]}, True),
        ({"state": ["dead"]}, {"state": "dead"}, True),
        ({"asked": ["", "2026-03-26"]}, {"asked": ["2026-03-26", ""]}, False),
        ({"asked": ["2026-03-01", "2026-03-26"]}, {"asked": ["2026-03-26", "2026-03-01"]}, False),
        ({"asked": ["2026-03-01", "2026-03-26"]}, {"asked": ["2026-03-01", "2026-03-26"]}, True),
    ],
)
def test_ticks_are_the_same_in_any_order_and_days_are_not(query, asked, same):
    assert SavedView(query=query).leads_to(asked) is same


def test_more_fields_than_a_list_has_are_refused(desk, session):
    assert save(desk, "&".join(f"state={n}" for n in range(101))).status_code == 422
    assert kept(session) == []


def test_a_zero_byte_is_left_out(desk, session):
    answer = save(desk, "q=a%00b&state=%00dead")
    assert answer.status_code == 303
    assert [(row.name, row.query) for row in kept(session)] == [("Mine", {"q": ["ab"], "state": ["dead"]})]
    assert desk.get(answer.location).status_code == 200


def test_two_presses_at_once_keep_one_view(session, owner):
    def press(work):
        saved_view.save(work, SCREEN, user_id=owner.id, name="Mine", query={"q": ["a"]}, opens_first=True)

    _meanwhile(press, press)
    assert [(row.name, row.opens_first) for row in kept(session)] == [("Mine", True)]


def test_two_presses_at_once_do_not_keep_more_than_may_be(session, owner, monkeypatch):
    monkeypatch.setattr(saved_view, "MOST", 1)

    def press(name):
        return lambda work: saved_view.save(work, SCREEN, user_id=owner.id, name=name, query={})

    with pytest.raises(Conflict, match="Remove one first"):
        _meanwhile(press("One"), press("Two"))
    assert [row.name for row in kept(session)] == ["One"]


def test_a_view_is_shared_as_long_as_its_owner_has_the_role(app, session, owner):
    other = account(session, "Auditor")
    role = owner.roles[0]
    with sessions.session_scope(), unit_of_work(CLOCKWORK) as work:
        saved_view.save(work, SCREEN, user_id=owner.id, name="Fresh ones", query={"q": ["a"]}, role_id=role.id)
    assert "Fresh ones" in signed_in(app, other).get(LIST).text
    owner.roles = []
    session.commit()
    assert [row.name for row in saved_view.of(session, owner.id)] == ["Fresh ones"]
    assert "Fresh ones" not in signed_in(app, other).get(LIST).text
