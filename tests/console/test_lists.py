"""Lists that people live in: periods, any of several filters, chosen columns, views kept and shared."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.services.platform import clock
from models.platform.outbox_message import OutboxMessage
from models.platform.saved_view import SavedView
from models.types import uuid7
from tests.factories.staff import account, signed_in

LIST = "/console/outbox/list/"
FACETS = "state=dead&asked=2026-03-01&asked=2026-03-31"


@pytest.fixture
def auditor(app, session):
    return signed_in(app, account(session, "Auditor"))


@pytest.fixture
def messages(session):
    """One of each day of a week in March, at half past eleven at night in London, the last two dead."""
    for number in range(7):
        moment = clock.now().replace(2026, 3, 25 + number, 23, 30) - timedelta(hours=number > 3)
        dead = moment if number > 4 else None
        row = OutboxMessage(
            job=f"job.of.{25 + number}", queue="default", key=str(uuid7()), payload={}, request_id="", traceparent="",
            not_before=moment, created_at=moment, dead_at=dead,
        )  # fmt: skip
        session.add(row)
    session.commit()


def days(page: str) -> list[int]:
    return sorted(int(day) for day in re.findall(r">job\.of\.(\d+)<", page))


def hidden(page: str, name: str) -> str:
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def keep(client: Any, address: str, **typed: str) -> Any:
    page = client.get(address).text
    form = {"screen": hidden(page, "screen"), "query": hidden(page, "query"), "name": "Mine", **typed}
    return client.post("/console/views/save", data=form)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("asked=2026-03-26&asked=2026-03-28", [26, 27, 28]),
        ("asked=2026-03-30&asked=", [30, 31]),
        ("asked=&asked=2026-03-26", [25, 26]),
        ("asked=2026-03-28", [28, 29, 30, 31]),
        ("asked=today", []),
        ("asked=yesterday-ish&asked=", []),
        ("asked=2026-03-28&asked=2026-03-26", []),
    ],
)
def test_a_period_is_days_of_the_business_calendar_both_included(auditor, messages, asked, found):
    page = auditor.get(f"{LIST}?{asked}&rows=100").text
    assert days(page) == found


def test_nonsense_in_a_period_is_said_on_its_chip(auditor, messages):
    assert "no day of the calendar" in auditor.get(f"{LIST}?asked=soon").text
    assert "26 Mar 2026 to 28 Mar 2026" in auditor.get(f"{LIST}?asked=2026-03-26&asked=2026-03-28").text


def test_filters_hold_all_together_or_any_of_them(auditor, messages):
    asked = f"{LIST}?state=dead&asked=2026-03-25&asked=2026-03-30"
    assert days(auditor.get(asked).text) == [30]
    assert days(auditor.get(f"{asked}&match=any").text) == [25, 26, 27, 28, 29, 30, 31]


def test_chosen_columns_are_listed_and_exported_and_the_first_one_stays(auditor, messages):
    page = auditor.get(f"{LIST}?cols=failures&cols=nothing").text
    assert re.findall(r'columnheader" class="[^"]*">(?:<a[^>]*>)?(\w+)', page) == ["Job", "Failures"]
    table = auditor.get("/console/outbox/export/?cols=failures").get_data(as_text=True).lstrip("\ufeff")
    assert next(csv.reader(io.StringIO(table))) == ["Job", "Job, detail", "Failures"]


def test_a_list_is_kept_under_a_name_and_found_again(auditor, session, messages):
    answer = keep(auditor, f"{LIST}?{FACETS}&order=-failures&cols=failures&after=x&at=26&foreign=1")
    row = session.scalars(sa.select(SavedView)).one()
    assert row.query == {
        "state": ["dead"], "asked": ["2026-03-01", "2026-03-31"], "order": ["-failures"], "cols": ["job", "failures"],
    }  # fmt: skip
    page = auditor.get(answer.location).text
    assert re.search(r'aria-current="page"><svg.*?</svg>Mine<', page, re.DOTALL)
    assert days(page) == [30, 31]
    assert "Save view" not in page


def test_the_same_name_is_the_same_view(auditor, session):
    keep(auditor, f"{LIST}?asked=last7")
    keep(auditor, f"{LIST}?asked=today", name=" Mine ")
    assert [row.query for row in session.scalars(sa.select(SavedView))] == [{"asked": ["today"]}]


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_a_view_without_a_fit_name_is_refused_and_the_list_stays(auditor, session, name):
    answer = keep(auditor, f"{LIST}?asked=last7", name=name)
    assert answer.location.endswith(f"{LIST}?asked=last7")
    assert "Give it a name" in auditor.get(answer.location).text
    assert session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == 0


def test_what_is_shared_with_a_role_is_found_by_its_people_and_changed_by_nobody_else(app, session, auditor):
    other, stranger = (signed_in(app, account(session, role)) for role in ("Auditor", "Operations"))
    page = auditor.get(f"{LIST}?asked=last7").text
    role = re.search(r'<option value="(\d+)">Everybody who is Auditor', page)[1]
    keep(auditor, f"{LIST}?asked=last7", name="Fresh ones", role=role)
    row = session.scalars(sa.select(SavedView)).one()
    assert "Fresh ones" in other.get(LIST).text
    assert "This view" not in other.get(f"{LIST}?asked=last7").text
    assert "Fresh ones" not in stranger.get(LIST).text
    for path in ("remove", "first"):
        assert other.post(f"/console/views/{row.id}/{path}").status_code == 404
    assert other.post("/console/views/nonsense/remove").status_code == 404
    session.expire_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == 1


def test_a_role_one_does_not_have_is_not_shared_with(app, session, auditor):
    finance = session.scalar(sa.text("select id from ab_role where name = 'Finance clerk'"))
    keep(auditor, f"{LIST}?asked=last7", role=str(finance))
    assert session.scalars(sa.select(SavedView.role_id)).one() is None


def test_the_menu_opens_the_view_one_chose_and_the_whole_list_again(auditor, session):
    keep(auditor, f"{LIST}?asked=last7", first="1")
    row = session.scalars(sa.select(SavedView)).one()
    assert f'href="{LIST}?asked=last7"' in auditor.get("/console/profile/").text
    keep(auditor, f"{LIST}?asked=today", name="Other", first="1")
    session.expire_all()
    assert [one.name for one in session.scalars(sa.select(SavedView).where(SavedView.opens_first))] == ["Other"]
    auditor.post(f"/console/views/{row.id}/first", data={"yes": "1"})
    auditor.post(f"/console/views/{row.id}/first", data={"yes": ""})
    assert f'href="{LIST}"' in auditor.get("/console/profile/").text


def test_a_view_is_removed_and_can_be_saved_again(auditor, session):
    keep(auditor, f"{LIST}?asked=last7")
    row = session.scalars(sa.select(SavedView)).one()
    back = auditor.post(f"/console/views/{row.id}/remove").location
    session.expire_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == 0
    assert "Save view" in auditor.get(back).text


def test_a_screen_one_may_not_read_keeps_no_views(app, session):
    moderator = signed_in(app, account(session, "Moderator"))
    form = {"screen": "OutboxView", "query": "asked=last7", "name": "Mine"}
    assert moderator.post("/console/views/save", data=form).status_code == 404
    assert moderator.post("/console/views/save", data={**form, "screen": "nothing"}).status_code == 404
