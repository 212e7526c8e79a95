"""A list costs the same whatever it lists: no statement per row, and few of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from models.platform.outbox_message import OutboxMessage
from models.platform.timer import TimerRow
from models.types import utc_now, uuid7
from tests.factories.desks import problems
from tests.factories.staff import account, signed_in

MOST = 8


@pytest.fixture
def statements():
    seen: list[str] = []

    def listen(_connection, _cursor, statement, *_rest):
        if not statement.startswith("SELECT pg_catalog"):
            seen.append(statement)

    event.listen(sa.engine.Engine, "before_cursor_execute", listen)
    yield seen
    event.remove(sa.engine.Engine, "before_cursor_execute", listen)


def rows(session, number):
    now = utc_now()
    for n in range(number):
        account(session, "Moderator" if n % 2 else "Support agent")
        session.add(OutboxMessage(job="t.t.t", queue="default", key=f"{uuid7()}", payload={}, request_id="",
                                  traceparent="", not_before=now))  # fmt: skip
        session.add(TimerRow(machine="order", subject_id=uuid7(), event="lapse", from_state="accepted", due_at=now))
    session.commit()


@pytest.mark.parametrize(
    "path", ["people", "staff", "outbox", "timers", "audit", "organisations", "journal", "accounts"]
)
def test_the_statements_of_a_list_do_not_grow_with_its_rows(app, session, statements, path):
    client = signed_in(app, account(session, "Auditor"))
    costs = []
    for number in (2, 12):
        rows(session, number)
        client.get(f"/console/{path}/list/")
        statements.clear()
        assert client.get(f"/console/{path}/list/").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1], statements
    assert costs[1] <= MOST, statements


@pytest.mark.parametrize("path", ["refunds", "problems", "orders", "timers"])
def test_the_statements_of_a_desk_do_not_grow_with_what_waits_there(app, session, statements, path):
    client = signed_in(app, account(session, "Auditor"))
    costs = []
    for number in (1, 4):
        problems(session, number)
        client.get(f"/console/{path}/list/")
        statements.clear()
        assert client.get(f"/console/{path}/list/").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1], statements
    assert costs[1] <= MOST, statements
