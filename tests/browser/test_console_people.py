"""The console's pages about people in a real browser: readable at both widths, light and dark, with every fold open."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from playwright.sync_api import expect

from app import session as sessions
from app.services.people import account_deletion, account_desk, invitation, sign_in
from app.session import session_scope
from app.unit_of_work import unit_of_work
from config import Config
from models.actor import Actor
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation
from models.types import utc_now
from tests.browser.test_console import MODES, console, enter, look  # noqa: F401  a fixture
from tests.factories import commerce, people

PICTURES = os.environ.get("PICTURES", "")
"""A folder: each page is left there as it looks."""
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


@pytest.fixture
def known(app, console, committed):  # noqa: F811
    """Somebody who is suspended, somebody who leaves, a request that an open order holds, a business."""
    sessions.configure(committed.url, **Config.from_environment().engine_options())
    with session_scope() as session:
        ids = {who: _user(session, f"{who}@customer.test").id for who in ("priya", "tom")}
        grace, ada = _user(session, "grace@lettings.test"), _user(session, "ada@fixnado.test")
        office = session.scalars(
            sa.select(Organisation.id).join(Membership).where(Membership.user_id == grace.id, ~Organisation.personal)
        ).one()
        actor, ids["office"], ids["grace"] = Actor.operator(ada.id), office, grace.id
        session.rollback()
        with unit_of_work(Actor.system("test")) as work:
            where = sign_in.Visitor("d", AGENT, "203.0.113.7")
            sign_in.begin(work, user_id=ids["priya"], stamp="s", visitor=where, now=utc_now())
            invitation.invite(work, office, email="mo@lettings.test", role=MembershipRole.member, user_id=ids["grace"])
            told = commerce.story(work)
            row = account_deletion.ask_deletion(work, told.buyer.user)
            row.created_at, row.due_at = (at - timedelta(days=20) for at in (row.created_at, row.due_at))
            commerce.paid(work, told)
            account_deletion.ask_deletion(work, people.customer(work, name="Ann Reyes").user)
            ids["request"], ids["leaver"] = row.id, told.buyer.user.id
        with unit_of_work(actor) as work:
            reason = "Three payments were taken back by your bank within a week, each for work that was done."
            account_desk.suspend(work, work.get_one(User, ids["tom"]), actor=actor, reason=reason)
    return ids


def _user(session, email):
    return session.scalars(sa.select(User).where(User.email == email)).one()


def test_every_page_about_people_is_accessible(console, known, reader):  # noqa: F811
    pages = {
        "otto": {
            "list": "/console/people/list/",
            "person": f"/console/people/show/{known['priya']}",
            "leaver": f"/console/people/show/{known['leaver']}",
            "queue": "/console/deletion-requests/list/?state=waiting",
            "request": f"/console/deletion-requests/show/{known['request']}",
            "office": f"/console/organisations/show/{known['office']}",
        },
        "ada": {"suspended": f"/console/people/show/{known['tom']}", "staff": "/console/staff/list/"},
    }
    found = []
    for width, scheme in MODES:
        for who, theirs in pages.items():
            one = reader(console, width=width, scheme=scheme)
            enter(one, who)
            for name, path in theirs.items():
                one.go(path)
                if PICTURES:
                    one.page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
                found += look(one, f"{name} {width} {scheme}")
    assert found == []


def test_an_administrator_suspends_by_keyboard_and_without_a_script(console, known, reader):  # noqa: F811
    one = reader(console, script=False)
    enter(one, "ada")
    one.go(f"/console/people/show/{known['priya']}")
    one.page.locator("summary", has_text="Suspend").click()
    one.page.fill("#suspend-reason", "The address is somebody else's.")
    one.page.locator("details[open] form button").click()
    expect(one.page.get_by_text("Suspend: done")).to_be_visible()
    expect(one.page.locator(".page-head .status")).to_have_text("Suspended")
    assert session_count(known["priya"]) == 0


def session_count(user_id):
    with session_scope() as session:
        return len(sign_in.list_open(session, user_id=user_id, now=utc_now()))
