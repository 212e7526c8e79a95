"""What we owe and whether it is there, with the figures of the worked examples; now, and as it was."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import account, client_money, closing, ledger, postings
from app.services.commerce.account import AccountRef
from app.services.commerce.client_money import Owed
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.commerce.account import AccountKind
from models.types import utc_now, uuid7
from tests.databases import Database
from tests.factories import books
from tools.bench.paired import statements

GBP = "GBP"
L, A = AccountKind.liability, AccountKind.asset
PSP = account.psp("simulator")
O1, R1, S1, B1 = (UUID(int=n) for n in (0x01, 0x02, 0x03, 0x04))
RF1, RF2, P1, D1 = (UUID(int=n) for n in (0x11, 0x12, 0x21, 0x31))
WALLET = AccountRef(f"buyer:{B1}:wallet", L, guarded=True)
DEPOSIT = AccountRef(f"deposit:{R1}", L, guarded=True)
PAYABLE = AccountRef(f"seller:{S1}:payable", L, guarded=True)
PAYOUT = AccountRef(f"payout:{P1}:in_transit", L, guarded=True)
DISPUTE = AccountRef(f"dispute:{D1}", A, guarded=True)
RECEIVABLE = AccountRef(f"seller:{S1}:receivable", A, guarded=True)
DISPUTE_FEES = AccountRef("expense:dispute_fees", AccountKind.expense)
ESCROW, PENDING = account.escrow(O1), account.seller_pending(S1)
BACK1, BACK2 = account.refund_in_transit(RF1), account.refund_in_transit(RF2)
COMMISSION, FEE, VAT, FEES = account.COMMISSION, account.SERVICE_FEE, account.VAT_OUTPUT, account.PSP_FEES

ORDER = (
    ("wallet.topup", ((PSP, 10000), (WALLET, -10000))),
    ("psp.fee", ((FEES, 170), (PSP, -170))),
    ("order.captured", ((WALLET, 10000), (PSP, 48593), (ESCROW, -43093), (DEPOSIT, -15000), (FEE, -417), (VAT, -83))),
    ("psp.fee", ((FEES, 749), (PSP, -749))),
    ("refund.requested", ((ESCROW, 998), (WALLET, -170), (BACK1, -828))),
    ("refund.succeeded", ((BACK1, 828), (PSP, -828))),
    ("escrow.released", ((ESCROW, 31295), (PENDING, -27540), (COMMISSION, -3129), (VAT, -626))),
    (
        "rental.settled",
        (
            *((ESCROW, 10800), (DEPOSIT, 15000), (PENDING, -9180), (PENDING, -7060), (COMMISSION, -1350)),
            *((COMMISSION, -450), (VAT, -270), (VAT, -90), (WALLET, -1263), (BACK2, -6137)),
        ),
    ),
    ("refund.succeeded", ((BACK2, 6137), (PSP, -6137))),
    ("seller.matured", ((PENDING, 43780), (PAYABLE, -43780))),
    ("payout.created", ((PAYABLE, 43780), (PAYOUT, -43780))),
    ("payout.paid", ((PAYOUT, 43780), (PSP, -43780))),
)
"""The whole of the first worked example: service, hire and materials, wallet, refunds, payout."""
CHARGEBACK = (
    ("chargeback.opened", ((DISPUTE, 28800), (DISPUTE_FEES, 2000), (PSP, -30800))),
    ("chargeback.lost", ((RECEIVABLE, 25344), (COMMISSION, 2880), (VAT, 576), (DISPUTE, -28800))),
)


def post(event: str, lines: tuple[tuple[AccountRef, int], ...], *, subject: str = f"order:{O1}") -> int:
    with unit_of_work(Actor.system("test")) as session:
        made = [ledger.Line(ref, amount, GBP) for ref, amount in lines]
        key = f"{event}:{uuid7()}"
        return ledger.post(session, event, key=key, subject=subject, lines=made, at=utc_now())


def post_all(entries: tuple[tuple[str, tuple[tuple[AccountRef, int], ...]], ...]) -> None:
    for event, lines in entries:
        post(event, lines)


@pytest.fixture(params=["never closed", "closed at each entry"])
def closings(request: pytest.FixtureRequest, session: Session, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every figure is the same whether or not the books were ever closed."""
    del session
    if request.param == "closed at each entry":
        real = ledger.post

        def post_and_close(inner: Session, *words: object, **values: object) -> int:
            entry = real(inner, *words, **values)  # type: ignore[arg-type]
            assert closing.close(inner) == entry
            return entry

        monkeypatch.setattr(ledger, "post", post_and_close)
    return str(request.param)


def figures(session: Session, **words: object) -> tuple[int, int, int]:
    session.rollback()
    (one,) = client_money.statement(session, **words)  # type: ignore[arg-type]
    return one.owed, one.there, one.surplus


@pytest.mark.usefixtures("closings")
def test_the_worked_example_ends_with_a_surplus_and_a_lost_chargeback_makes_it_a_shortfall(session: Session) -> None:
    post_all(ORDER)
    assert figures(session) == (1433, 6929, 5496)
    post_all(CHARGEBACK)
    assert figures(session) == (1433, -23871, -25304)
    assert account.balance(session, RECEIVABLE, GBP) == 25344
    assert account.balance(session, COMMISSION, GBP) == -2049
    assert account.balance(session, VAT, GBP) == -493


@pytest.mark.usefixtures("closings")
def test_the_first_slice_keeps_what_it_owes_at_every_step(session: Session) -> None:
    order, refund, seller = uuid7(), uuid7(), uuid7()
    subject = f"order:{order}"

    def step(event: str, lines: list[ledger.Line]) -> tuple[int, int, int]:
        post(event, tuple((line.account, line.amount) for line in lines), subject=subject)
        return figures(session)

    captured = postings.order_captured("simulator", order, GBP, gross=28800, fee_net=417, fee_vat=83)
    assert step("order.captured", captured) == (28800, 29300, 500)
    assert step("psp.fee", postings.psp_fee("simulator", GBP, fee=460)) == (28800, 28840, 40)
    assert step("refund.requested", postings.refund_requested(order, refund, GBP, gross=7200)) == (28800, 28840, 40)
    assert client_money.owed(session)[0] == [Owed(subject, GBP, 21600, 7200, 0, 0)]
    back = postings.refund_succeeded("simulator", refund, GBP, amount=7200)
    assert step("refund.succeeded", back) == (21600, 21640, 40)
    out = postings.escrow_released(order, seller, GBP, gross=21600, commission=2160, commission_vat=432)
    assert step("escrow.released", out) == (19008, 21640, 2632)
    assert client_money.owed(session)[0] == [Owed(subject, GBP, 0, 0, 19008, 0)]


@pytest.mark.usefixtures("closings")
def test_what_has_no_order_is_listed_first_and_the_list_is_what_is_owed_to_the_penny(session: Session) -> None:
    for number in range(1, 8):
        books.capture(uuid7(), gross=1000 + number)
    late = uuid7()
    lines = tuple((one.account, one.amount) for one in postings.captured_late("simulator", late, GBP, amount=555))
    post("order.captured_late", lines, subject=f"payment:{uuid7()}")
    session.rollback()
    first, more = client_money.owed(session, size=3)
    assert more
    assert [(row.subject.partition(":")[0], row.total) for row in first] == [
        *(("payment", 555), ("order", 1007), ("order", 1006))
    ]
    rest, more = client_money.owed(session, after=(first[-1].subject, first[-1].currency), size=50)
    assert not more
    assert [row.total for row in rest] == [1005, 1004, 1003, 1002, 1001]
    every = list(client_money.every_owed(session))
    assert every == [*first, *rest]
    assert sum(row.total for row in every) == figures(session)[0]


@pytest.mark.usefixtures("closings")
def test_a_past_moment_is_told_as_it_was_then(session: Session) -> None:
    told, moments = [], []
    for number in range(6):
        books.capture(uuid7(), gross=10_000 + number)
        told.append((figures(session), [row.total for row in client_money.every_owed(session)]))
        session.rollback()
        moments.append(utc_now())
    for moment, (sums, rows) in zip(moments, told, strict=True):
        assert figures(session, at=moment) == sums
        assert [row.total for row in client_money.every_owed(session, at=moment)] == rows
    assert client_money.statement(session, at=moments[0] - timedelta(days=1)) == []


def test_currencies_are_never_added_together(session: Session) -> None:
    books.capture(uuid7())
    order = uuid7()
    with unit_of_work(Actor.system("test")) as work:
        lines = postings.order_captured("simulator", order, "EUR", gross=100, fee_net=5, fee_vat=1)
        ledger.post(work, "order.captured", key="eur", subject=f"order:{order}", lines=lines, at=utc_now())
    told = client_money.statement(session)
    assert [(one.currency, one.owed, one.surplus) for one in told] == [("EUR", 100, 6), ("GBP", 28800, 500)]


@pytest.mark.parametrize(
    ("code", "label"),
    [
        (f"escrow:{O1}", "Held for orders"),
        (f"refund:{RF1}:in_transit", "Refunds on their way"),
        ("seller:*:payable", "Payable to sellers"),
        ("psp:stripe:clearing", "At the payment provider"),
        (f"seller:{S1}:receivable", None),
        (f"dispute:{D1}", None),
        ("bank:operating", None),
        ("tax:vat_output", None),
        (f"refund:{RF1}:in-transit", None),
    ],
)
def test_an_account_counts_by_its_code(code: str, label: str | None) -> None:
    kind = account.counts_as(code)
    assert (kind and kind.label) == label


def test_the_statement_costs_the_same_whatever_there_is(session: Session) -> None:
    costs = []
    for number in (2, 30):
        books.captures(number)
        closing.close(session)
        session.commit()
        with statements() as seen:
            client_money.statement(session, at=utc_now())
            client_money.owed(session, at=utc_now(), size=5)
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 6


def test_closing_again_without_a_new_entry_writes_nothing(session: Session) -> None:
    entry = books.capture(uuid7())
    assert closing.close(session) == entry
    assert closing.close(session) == entry
    session.commit()
    kept = session.execute(sa.text("SELECT shape, balance FROM closing ORDER BY shape")).all()
    assert kept == [
        ("escrow:*", -28800),
        ("psp:simulator:clearing", 29300),
        ("revenue:service_fee", -417),
        ("tax:vat_output", -83),
    ]


def test_a_closing_waits_for_entries_that_are_being_written(committed: Database) -> None:
    """Otherwise an entry with a smaller number could be committed after the closing, and be missing for ever."""
    import psycopg

    post_one = (
        'SELECT ledger_post(\'a\', \'k\', \'s\', now(), \'[{"account": "bank:client_money", "currency": "GBP", '
        '"amount": 5, "kind": "asset", "guarded": false}, {"account": "tax:vat_output", "currency": "GBP", '
        '"amount": -5, "kind": "liability", "guarded": false}]\')'
    )
    with psycopg.connect(committed.url) as writer, psycopg.connect(committed.url) as closer:
        writer.execute(post_one)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            closer.execute("SELECT ledger_close()")
        closer.rollback()
        writer.commit()
        assert closer.execute("SELECT ledger_close()").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            closer.execute("UPDATE closing SET balance = 0")
