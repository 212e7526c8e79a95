"""The ledger keeps its own rules, whoever writes to it, and the worked example comes out to the penny."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.commerce import account, ledger, money, postings
from app.services.commerce.ledger import Line
from app.services.platform import invariant
from app.unit_of_work import unit_of_work
from config import Config
from models.commerce.account import Account
from models.commerce.journal_entry import JournalEntry
from models.errors import Conflict
from models.types import utc_now, uuid7
from tests.databases import Database
from tests.factories.books import CLOCKWORK, capture, tampering

GBP = "GBP"
PSP = "simulator"


@pytest.fixture
def scope(database: Database) -> Iterator[Session]:
    sessions.configure(database.url, **Config.from_environment().engine_options())
    with sessions.session_scope() as session:
        yield session


def post(event: str, lines: list[Line], *, key: str = "", order: UUID | None = None) -> int:
    with unit_of_work(CLOCKWORK) as session:
        return ledger.post(
            session, event, key=key or f"{event}:{uuid7()}", subject=f"order:{order}", lines=lines, at=utc_now()
        )


def standing(session: Session, order: UUID, refund: UUID, seller: UUID) -> dict[str, int]:
    session.rollback()
    refs = {
        "psp": account.psp(PSP),
        "hold": account.escrow(order),
        "seller": account.seller_pending(seller),
        "refund": account.refund_in_transit(refund),
        "fee": account.SERVICE_FEE,
        "commission": account.COMMISSION,
        "vat": account.VAT_OUTPUT,
    }
    return {name: total for name, ref in refs.items() if (total := account.balance(session, ref, GBP))}


def test_part_refunded_and_the_rest_released_comes_out_to_the_penny(scope: Session) -> None:
    order, refund, seller = uuid7(), uuid7(), uuid7()
    capture(order)
    assert standing(scope, order, refund, seller) == {"psp": 29300, "hold": -28800, "fee": -417, "vat": -83}
    post("refund.requested", postings.refund_requested(order, refund, GBP, gross=7200))
    assert standing(scope, order, refund, seller)["refund"] == -7200
    post("refund.succeeded", postings.refund_succeeded(PSP, refund, GBP, amount=7200))
    ours, vat = (money.part(whole, 28800, before=7200, after=28800) for whole in (2880, 576))
    release = postings.escrow_released(order, seller, GBP, gross=21600, commission=ours, commission_vat=vat)
    post("escrow.released", release)
    assert standing(scope, order, refund, seller) == {
        "psp": 22100,
        "seller": -19008,
        "commission": -2160,
        "fee": -417,
        "vat": -83 - 432,
    }


def test_declined_gives_everything_back_the_fee_and_its_vat_included(scope: Session) -> None:
    order, refund, seller = uuid7(), uuid7(), uuid7()
    capture(order)
    back = postings.refund_requested(order, refund, GBP, gross=28800, fee_net=417, fee_vat=83)
    post("refund.requested", back)
    assert standing(scope, order, refund, seller) == {"psp": 29300, "refund": -29300}
    post("refund.succeeded", postings.refund_succeeded(PSP, refund, GBP, amount=29300))
    assert standing(scope, order, refund, seller) == {}


def test_a_refund_that_bounced_is_owed_again(scope: Session) -> None:
    order, refund, seller = uuid7(), uuid7(), uuid7()
    capture(order)
    post("refund.requested", postings.refund_requested(order, refund, GBP, gross=7200))
    post("refund.succeeded", postings.refund_succeeded(PSP, refund, GBP, amount=7200))
    post("refund.bounced", postings.refund_bounced(PSP, refund, GBP, amount=7200))
    assert standing(scope, order, refund, seller)["refund"] == -7200


@given(st.lists(st.integers(0, 10**9), min_size=6, max_size=6))
def test_whatever_the_sums_the_lines_balance(sums: list[int]) -> None:
    gross, fee_net, fee_vat, commission, commission_vat, amount = sums
    order, refund, seller = uuid7(), uuid7(), uuid7()
    for lines in (
        postings.order_captured(PSP, order, GBP, gross=gross, fee_net=fee_net, fee_vat=fee_vat),
        postings.captured_late(PSP, refund, GBP, amount=amount),
        postings.psp_fee(PSP, GBP, fee=amount),
        postings.escrow_released(order, seller, GBP, gross=gross, commission=commission, commission_vat=commission_vat),
        postings.refund_requested(order, refund, GBP, gross=gross, fee_net=fee_net, fee_vat=fee_vat),
        postings.refund_succeeded(PSP, refund, GBP, amount=amount),
        postings.refund_bounced(PSP, refund, GBP, amount=amount),
    ):
        assert sum(line.amount for line in lines) == 0
        assert all(line.amount for line in lines)


def test_the_same_key_with_the_same_lines_is_one_entry(scope: Session) -> None:
    lines = postings.psp_fee(PSP, GBP, fee=463)
    assert post("psp.fee", lines, key="once") == post("psp.fee", lines, key="once")
    assert scope.scalar(sa.select(sa.func.count()).select_from(JournalEntry)) == 1


def test_the_same_key_with_other_lines_is_refused(scope: Session) -> None:
    post("psp.fee", postings.psp_fee(PSP, GBP, fee=463), key="once")
    with pytest.raises(Conflict, match="already recorded"):
        post("psp.fee", postings.psp_fee(PSP, GBP, fee=464), key="once")


def test_more_than_is_held_can_not_be_released_and_the_transaction_goes_on(scope: Session) -> None:
    order, seller = uuid7(), uuid7()
    capture(order)
    too_much = postings.escrow_released(order, seller, GBP, gross=28801, commission=0, commission_vat=0)
    with unit_of_work(CLOCKWORK) as session:
        with pytest.raises(Conflict, match="not that much money"):
            ledger.post(session, "escrow.released", key="too-much", subject="x", lines=too_much, at=utc_now())
        ledger.post(session, "psp.fee", key="fee", subject="x", lines=postings.psp_fee(PSP, GBP, fee=1), at=utc_now())
    assert [entry.event for entry in scope.scalars(sa.select(JournalEntry).order_by(JournalEntry.id))] == [
        "order.captured",
        "psp.fee",
    ]


def test_an_entry_is_reversed_once(scope: Session) -> None:
    order = uuid7()
    entry = capture(order)
    with unit_of_work(CLOCKWORK) as session:
        ledger.reverse(session, entry, key="back", at=utc_now())
    assert account.balance(scope, account.escrow(order), GBP) == 0
    scope.rollback()
    with pytest.raises(Conflict, match="already reversed"), unit_of_work(CLOCKWORK) as session:
        ledger.reverse(session, entry, key="back again", at=utc_now())


@pytest.mark.parametrize("amounts", [[5, -4], [5], [], [0, 0]])
def test_lines_that_are_no_entry_never_reach_the_database(scope: Session, amounts: list[int]) -> None:
    with pytest.raises(ValueError, match="not an entry"):
        post("x", [Line(account.psp(PSP), amount, GBP) for amount in amounts])


LINE = '{{"account": "psp:simulator:clearing", "currency": "{}", "amount": {}, "kind": "asset", "guarded": false}}'
BAD_ENTRIES = {
    "entry_balanced": [LINE.format("GBP", 5), LINE.format("GBP", -4)],
    "entry_min_two_lines": [],
    "ck_posting_amount_not_zero": [LINE.format("GBP", 0), LINE.format("GBP", 0)],
    "account_known": ['{"account": "nowhere", "currency": "GBP", "amount": 1}', LINE.format("GBP", -1)],
    "account_differs": [
        '{"account": "tax:vat_output", "currency": "GBP", "amount": 1, "kind": "asset", "guarded": true}',
        LINE.format("GBP", -1),
    ],
    "ck_account_currency": [LINE.format("gbp", 1), LINE.format("gbp", -1)],
}


@pytest.mark.parametrize("constraint", BAD_ENTRIES)
def test_the_database_itself_refuses(constraint: str, scope: Session, database: Database) -> None:
    capture(uuid7())
    lines = f"[{', '.join(BAD_ENTRIES[constraint])}]"

    def attempt() -> None:
        with closing(psycopg.connect(database.url)) as application:
            application.execute("select ledger_post('x', 'x', 'x', now(), %s)", [lines])
            application.commit()

    with pytest.raises(psycopg.errors.IntegrityError) as refused:
        attempt()
    assert refused.value.diag.constraint_name == constraint


def test_a_line_can_not_join_an_entry_that_is_closed(scope: Session, database: Database) -> None:
    entry = capture(uuid7())
    with psycopg.connect(database.owner_url) as owner, pytest.raises(psycopg.errors.CheckViolation) as refused:
        owner.execute(
            "insert into posting select entry_id, 99, account_id, currency, 1 from posting"
            " where entry_id = %s and line = 1",
            [entry],
        )
    assert refused.value.diag.constraint_name == "entry_sealed"


@pytest.mark.parametrize("table", ["account", "journal_entry", "posting", "account_balance"])
def test_the_application_reads_the_ledger_and_writes_it_only_by_posting(table: str, database: Database) -> None:
    for attempt in (f"insert into {table} default values", f"delete from {table}", f"truncate {table}"):
        with psycopg.connect(database.url) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(attempt.encode())


@pytest.mark.parametrize("table", ["account", "journal_entry", "posting"])
def test_not_even_the_owner_alters_the_journal(table: str, scope: Session, database: Database) -> None:
    capture(uuid7())
    for attempt in (f"update {table} set currency = 'EUR'", f"delete from {table}", f"truncate {table} cascade"):
        wording = attempt.replace("currency = 'EUR'", "event = 'x'") if table == "journal_entry" else attempt
        with psycopg.connect(database.owner_url) as owner, pytest.raises(psycopg.errors.CheckViolation) as refused:
            owner.execute(wording.encode())
        assert refused.value.diag.constraint_name == "append_only"


def test_functions_of_the_ledger_are_closed_to_everyone_else(database: Database) -> None:
    with psycopg.connect(database.superuser_url) as superuser:
        open_to_all = superuser.execute(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef "
            "and has_function_privilege('public', oid, 'execute')"
        ).fetchall()
    assert open_to_all == []


def test_posting_costs_three_statements(scope: Session) -> None:
    asked: list[str] = []
    lines = postings.order_captured(PSP, uuid7(), GBP, gross=28800, fee_net=417, fee_vat=83)
    with unit_of_work(CLOCKWORK) as session:
        session.connection()
        sa.event.listen(sessions.engine(), "before_cursor_execute", lambda _c, _cursor, sql, *_: asked.append(sql))
        ledger.post(session, "order.captured", key="one", subject="x", lines=lines, at=utc_now())
        assert [sql.split()[0] for sql in asked] == ["SAVEPOINT", "SELECT", "RELEASE"]


def test_a_statement_tells_each_posting_with_the_balance_after_it(scope: Session) -> None:
    order, refund = uuid7(), uuid7()
    capture(order)
    middle = utc_now()
    post("refund.requested", postings.refund_requested(order, refund, GBP, gross=7200))
    row = scope.query(Account).filter_by(code=f"escrow:{order}").one()
    told = [(line.event, line.amount, line.balance) for line in account.every_line(scope, row)]
    assert told == [("order.captured", -28800, -28800), ("refund.requested", 7200, -21600)]
    assert [line.balance for line in account.every_line(scope, row, since=middle)] == [-21600]
    assert len(list(account.every_line(scope, row, until=middle))) == 1
    assert account.balances(scope, [account.escrow(order), account.COMMISSION], GBP) == {f"escrow:{order}": -21600}


def test_the_journal_of_a_subject_is_told_with_its_lines(scope: Session) -> None:
    order = uuid7()
    entry = capture(order)
    ((row, lines),) = ledger.entries(scope, f"order:{order}")
    assert row.id == entry
    assert {line.code: line.amount for line in lines} == {
        f"escrow:{order}": -28800,
        "psp:simulator:clearing": 29300,
        "revenue:service_fee": -417,
        "tax:vat_output": -83,
    }


def test_many_writers_on_the_same_accounts_neither_deadlock_nor_lose_a_penny(scope: Session) -> None:
    sellers = [uuid7() for _ in range(4)]

    def work(seed: int) -> None:
        choice = random.Random(seed)
        with sessions.session_scope():
            for _ in range(10):
                order, seller = uuid7(), choice.choice(sellers)
                capture(order)
                lines = postings.escrow_released(order, seller, GBP, gross=28800, commission=2880, commission_vat=576)
                post("escrow.released", choice.sample(lines, len(lines)))

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, seed) for seed in range(8)]:
            done.result()
    scope.rollback()
    assert sum(account.balance(scope, account.seller_pending(seller), GBP) for seller in sellers) == -80 * 25344
    assert all(invariant.check(scope, each).holds for each in invariant.INVARIANTS if each.number in {"I1", "I2", "I3"})


def test_a_fault_that_is_ours_stays_an_error(scope: Session, database: Database) -> None:
    lines = [Line(account.psp(PSP), 1, "pound"), Line(account.psp(PSP), -1, "pound")]
    with pytest.raises(DBAPIError):
        post("x", lines)
    with tampering(database) as superuser:
        assert superuser.execute("select count(*) from journal_entry").fetchone() == (0,)
