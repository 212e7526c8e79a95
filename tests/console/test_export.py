"""Any list as CSV: the rows and columns it shows, harmless to open, and known to the audit trail."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
import sqlalchemy as sa

from models.platform.audit_event import AuditEvent, AuditPersonal
from models.platform.outbox_message import OutboxMessage
from models.platform.timer import TimerRow
from models.types import utc_now, uuid7
from reports.layout import spreadsheet
from tests.factories import commerce
from tests.factories.staff import account, signed_in
from tools.bench.paired import statements
from views.base import ConsoleView
from views.console.screens import SCREENS
from views.listing import CHUNK

LISTS = [view for view in SCREENS if issubclass(view, ConsoleView)]


def taken(client, path):
    """The rows of a download, each a dictionary by heading."""
    answer = client.get(path, buffered=True)
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def letters(session, number, **values):
    for _ in range(number):
        session.add(
            OutboxMessage(
                **{
                    "job": "t.t.t",
                    "queue": "default",
                    "key": f"{uuid7()}",
                    "payload": {},
                    "request_id": "",
                    "traceparent": "",
                    "not_before": utc_now(),
                    **values,
                }
            )
        )
    session.commit()


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.__name__)
def test_every_list_can_be_taken_along_with_the_columns_it_shows(app, session, view):
    commerce.completed(session, commerce.story(session))
    session.commit()
    client = signed_in(app, account(session, "Auditor"))
    answer = client.get(f"/console{view.route_base}/export/", buffered=True)
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    head = next(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [column.label for column in view.columns] == [
        label for label in head if not label.endswith((", currency", ", detail"))
    ]


def test_money_has_its_currency_beside_it_and_moments_are_utc(app, session):
    order = commerce.completed(session, commerce.story(session))
    session.commit()
    (row,) = taken(signed_in(app, account(session, "Auditor")), "/console/orders/export/")
    money = {name: value for name, value in row.items() if name.endswith(", currency")}
    assert set(money.values()) == {"GBP"}
    assert f"{order.total_minor // 100}.{order.total_minor % 100:02d}" in row.values()
    moments = [value for value in row.values() if value.endswith("Z") and value[4:5] == "-"]
    assert moments


def test_the_filters_the_search_and_the_order_of_the_list_hold_for_the_file(app, session):
    letters(session, 3, dead_at=utc_now())
    letters(session, 4)
    client = signed_in(app, account(session, "Operations"))
    assert len(taken(client, "/console/outbox/export/")) == 7
    assert len(taken(client, "/console/outbox/export/?state=dead&rows=1&page=2")) == 3
    assert taken(client, "/console/outbox/export/?q=no-such-thing") == []
    page = client.get("/console/outbox/list/?state=dead&q=t.t&endpoint=x&_external=1").text
    assert 'href="/console/outbox/export/?q=t.t&amp;state=dead"' in page


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_no_cell_becomes_a_formula(evil):
    data = b"".join(spreadsheet.encoded([[evil, spreadsheet.money(-5), -5]])).decode("utf-8-sig")
    cells = next(csv.reader(io.StringIO(data, newline="")))
    assert cells == [f"'{evil}", "-0.05", "-5"]


def test_a_name_that_is_a_formula_leaves_the_console_as_text(app, session):
    account(session, "Moderator", name="=cmd")
    rows = taken(signed_in(app, account(session, "Administrator")), "/console/people/export/")
    names = [value for row in rows for value in row.values() if "=cmd" in value]
    assert names
    assert all(value.startswith("'=") or not value.startswith("=") for value in names)


def test_who_took_what_and_how_many_rows_is_in_the_audit_trail(app, session):
    letters(session, 5)
    person = account(session, "Operations")
    assert len(taken(signed_in(app, person), "/console/outbox/export/?q=t.t.t")) == 5
    session.rollback()
    asked = sa.select(AuditEvent).where(AuditEvent.entity == "export").order_by(AuditEvent.id)
    begin, end = session.scalars(asked)
    assert (begin.verb, end.verb) == ("export.begin", "export.end")
    assert (begin.actor_user_id, end.actor_user_id, begin.entity_id) == (person.id, person.id, "Outbox")
    assert end.after == {"rows": 5, "complete": True}
    assert "t.t.t" not in str(begin.after)  # what was searched for may be a name: it can be erased
    assert session.get_one(AuditPersonal, begin.id).content == {"after": {"search": ["t.t.t"]}}


def test_a_reader_who_goes_away_is_told_as_such(app, session):
    letters(session, 1200)
    client = signed_in(app, account(session, "Operations"))
    answer = client.get("/console/outbox/export/")
    next(answer.iter_encoded())
    answer.close()
    session.rollback()
    end = session.scalars(sa.select(AuditEvent).where(AuditEvent.verb == "export.end")).one()
    assert end.after["complete"] is False


def test_whoever_may_not_read_the_list_may_not_take_it_along(app, session):
    client = signed_in(app, account(session, "Support agent"))
    assert client.get("/console/outbox/export/").status_code == 403
    assert signed_in(app, account(session)).get("/console/outbox/export/").status_code == 404
    assert app.test_client().get("/console/outbox/export/").status_code == 303
    assert session.scalars(sa.select(AuditEvent).where(AuditEvent.entity == "export")).all() == []


def _read(client):
    answer = client.get("/console/timers/export/")
    size = sum(len(piece) for piece in answer.iter_encoded())
    answer.close()
    return size


def test_a_long_list_takes_no_more_memory_and_no_statement_per_row(app, session):
    client = signed_in(app, account(session, "Auditor"))
    peaks, costs = [], []
    for number in (2_000, 8_000):
        now = utc_now()
        session.execute(
            sa.insert(TimerRow),
            [
                {"machine": "order", "subject_id": uuid7(), "event": "lapse", "from_state": "accepted", "due_at": now}
                for _ in range(number)
            ],
        )
        session.commit()
        with statements() as seen:
            size = _read(client)
        tracemalloc.start()  # without the statements, which are kept to be counted
        assert _read(client) == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        costs.append(len(seen))
        assert size > number * 40
    assert costs[1] - costs[0] <= 8_000 // CHUNK, (
        "at most one more for each chunk: the names of what its rows are about"
    )
    assert peaks[1] < peaks[0] * 2, peaks  # four times the rows
