"""Each day's statement is kept, the same whenever it is asked for again; a shortfall is logged, counted and exits 1."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app.services.commerce import account, client_money
from app.services.platform import clock
from jobs import base
from jobs.commerce import client_money as clockwork
from models.commerce.closing import Closing
from models.platform.stored_file import StoredFile
from models.types import uuid7
from tests.commerce.test_client_money import DISPUTE, PSP, post
from tests.factories import books
from tests.factories.staff import account as person
from tests.factories.staff import signed_in

LONDON = ZoneInfo("Europe/London")


def keep(app: Flask) -> list[dict[str, object]]:
    """Runs the job as a worker would, tomorrow: today's entries are in the day that has ended."""
    run = base.JobRun(0, 0, "commerce.client_money.keep", app.extensions["parts"])
    with pytest.MonkeyPatch.context() as patched, clock.moved(timedelta(days=1)), capture_logs() as logs:
        patched.setattr("app.services.platform.outbox_message.finish", lambda *_: None)
        clockwork.keep(run)
    return [dict(line) for line in logs if "client money" in str(line["event"])]


def test_the_day_is_kept_once_and_the_books_are_closed(app: Flask, session: Session) -> None:
    books.captures(3)
    (line,) = keep(app)
    assert (line["event"], line["log_level"], line["surplus"]) == ("client money is there", "info", 1500)
    session.rollback()
    (kept,) = session.scalars(sa.select(StoredFile).where(StoredFile.purpose == "client_money"))
    today = datetime.now(LONDON).date()
    assert kept.original_name == f"client-money-{today}.csv"
    data = app.extensions["parts"].storage.get(kept.key)
    assert data.decode("utf-8-sig").count("listed,order,order:") == 3
    assert session.scalar(sa.select(sa.func.count()).select_from(Closing)) == 4
    keep(app)
    session.rollback()
    assert session.scalars(sa.select(StoredFile.id).where(StoredFile.purpose == "client_money")).all() == [kept.id]


def test_a_kept_day_can_be_taken_from_the_console(app: Flask, session: Session) -> None:
    books.capture(uuid7())
    keep(app)
    session.rollback()
    kept = session.scalars(sa.select(StoredFile).where(StoredFile.purpose == "client_money")).one()
    client = signed_in(app, person(session, "Auditor"))
    assert f"/console/client-money/day/{kept.id}" in client.get("/console/client-money/").text
    answer = client.get(f"/console/client-money/day/{kept.id}")
    assert answer.data == app.extensions["parts"].storage.get(kept.key)
    assert signed_in(app, person(session, "Operations")).get(f"/console/client-money/day/{kept.id}").status_code == 403


def test_a_shortfall_is_an_error_in_the_log_a_number_and_an_exit_code(app: Flask, session: Session) -> None:
    books.capture(uuid7())
    invoke = app.test_cli_runner().invoke
    enough = invoke(args=["money", "client"])
    assert (enough.exit_code, enough.output) == (0, "ok        GBP required 288.00, there 293.00: 5.00 more\n")
    post("chargeback.opened", ((DISPUTE, 28800), (PSP, -28800)))
    (line,) = keep(app)
    assert (line["event"], line["log_level"], line["shortfall"]) == ("client money is short", "error", 28300)
    short = invoke(args=["money", "client"])
    assert short.exit_code == 1
    assert short.output == "SHORTFALL GBP required 288.00, there 5.00: 283.00 missing\n"
    past = invoke(args=["money", "client", "--day", "2026-01-01"])
    assert (past.exit_code, past.output) == (0, "ok        nothing is owed: nothing was posted\n")
    session.rollback()
    (reading,) = client_money.readings(session)
    assert reading.values == {"GBP": -28300.0}
    assert 'fixnado_client_money_surplus_minor{currency="GBP"} -28300.0' in app.test_client().get("/metrics").text


def test_a_database_that_is_away_exits_2(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(client_money, "statement", away)
    assert app.test_cli_runner().invoke(args=["money", "client"]).exit_code == 2


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        (
            datetime(2026, 3, 29, 12, tzinfo=UTC),
            datetime(2026, 3, 29, 0, tzinfo=UTC),
        ),
        (datetime(2026, 3, 30, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 23, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 24, 23, tzinfo=UTC)),
        (datetime(2026, 10, 26, 0, 0, tzinfo=UTC), datetime(2026, 10, 26, 0, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_of_the_business(now: datetime, midnight: datetime) -> None:
    found = client_money.midnight(LONDON, now=now)
    assert found == midnight
    assert client_money.day_before(found) == (midnight - timedelta(hours=12)).date().isoformat()


def test_what_we_owe_has_one_list_and_every_guarded_liability_is_on_it() -> None:
    refs = [account.escrow(uuid7()), account.seller_pending(uuid7()), account.seller_payable(uuid7())]
    refs.append(account.refund_in_transit(uuid7()))
    assert all(account.counts_as(ref.code) in account.OWED_TO_CLIENTS for ref in refs)
    assert all(account.counts_as(ref.code) in account.CLIENT_RESOURCES for ref in (PSP, account.CLIENT_MONEY))
