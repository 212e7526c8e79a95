"""The statement of client money and the statement of an account, as the finance clerk reads them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from itertools import chain

import pytest

from app.services.commerce import account as accounts
from app.services.commerce import ledger
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.commerce.account import Account, AccountKind
from models.types import utc_now, uuid7
from tests.factories import books, commerce
from tests.factories.staff import account, signed_in
from tools.bench.paired import statements

PAGE = "/console/client-money/"
CHARGEBACK = accounts.AccountRef(f"dispute:{uuid7()}", AccountKind.asset, guarded=True)


def posted(*lines):
    with unit_of_work(Actor.system("test")) as session:
        made = [ledger.Line(ref, amount, "GBP") for ref, amount in lines]
        return ledger.post(session, "test", key=f"{uuid7()}", subject=f"order:{uuid7()}", lines=made, at=utc_now())


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def table(client, path):
    answer = client.get(path, buffered=True)
    assert answer.status_code == 200, path
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


@pytest.fixture
def clerk(app, session):
    return signed_in(app, account(session, "Finance clerk"))


def test_a_page_without_a_posting_says_so(clerk):
    assert "Nothing was posted yet." in words(clerk.get(PAGE))


def test_enough_is_said_with_the_sum_and_each_order_is_a_link(session, clerk):
    order = commerce.paid(session, commerce.story(session))
    session.commit()
    page = clerk.get(PAGE)
    assert "GBP: enough. £0.40 more than we owe." in words(page)
    assert f'href="/console/orders/show/{order.id}">{order.reference}</a>' in page.text
    assert re.search(r"Required £288.00 There", words(page))
    assert "At the payment provider psp:simulator:clearing £288.40" in words(page)


def test_a_shortfall_is_loud_and_to_the_penny(clerk):
    books.capture(uuid7())
    posted((CHARGEBACK, 28801), (accounts.psp("simulator"), -28801))
    page = clerk.get(PAGE)
    assert "GBP: shortfall of £283.01. We owe £288.00 and have £4.99." in words(page)
    assert 'data-tone="danger" role="alert"' in page.text


def test_the_list_goes_on_where_it_stopped_and_no_row_is_told_twice(session, clerk):
    books.captures(120)
    seen: list[str] = []
    path = PAGE
    for _ in range(4):
        page = clerk.get(path).text
        seen += re.findall(r"<small>(order:[0-9a-f-]{36})</small>", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if not following:
            break
        path = following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, reverse=True)


def test_a_past_day_is_told_as_it_stood_and_a_bad_one_is_refused_with_a_sentence(session, clerk):
    books.capture(uuid7())
    today = utc_now().date()
    assert "Nothing was posted by then." in words(clerk.get(f"{PAGE}?as_of={today - timedelta(days=3)}"))
    assert "GBP: enough." in words(clerk.get(f"{PAGE}?as_of={today + timedelta(days=1)}"))
    for bad in ("yesterday", "2026-02-30", "0001-01-01", "9999-12-31"):
        answer = clerk.get(f"{PAGE}?as_of={bad}")
        assert answer.status_code == 422
        assert f"{bad}: Give a day as year, month and day" in words(answer)
        assert f'value="{bad}"' in answer.text


def test_the_file_has_both_sides_the_result_and_every_row(session, clerk):
    books.captures(3)
    rows = table(clerk, f"{PAGE}export/")
    result = [row for row in rows if row["Side"] == "result"]
    assert [(row["What"], row["Amount"], row["Currency"]) for row in result] == [("Surplus", "15.00", "GBP")]
    listed = [row["Amount"] for row in rows if row["Side"] == "listed"]
    assert listed == ["288.00"] * 3
    total = next(row["Amount"] for row in rows if (row["Side"], row["What"]) == ("required", "Total"))
    assert total == "864.00"


def test_only_those_who_keep_the_books_see_client_money(app, session):
    for role, status in (("Support agent", 403), ("Operations", 403), ("Auditor", 200)):
        client = signed_in(app, account(session, role))
        assert client.get(PAGE).status_code == status
        assert client.get(f"{PAGE}export/", buffered=True).status_code == status
    assert signed_in(app, account(session)).get(PAGE).status_code == 404


def test_a_kept_day_is_no_way_to_other_files(session, clerk):
    photo = commerce.photo(session).stored_file
    session.commit()
    assert clerk.get(f"{PAGE}day/{photo.id}").status_code == 404
    assert clerk.get(f"{PAGE}day/nonsense").status_code == 404


def psp(session):
    session.rollback()
    return session.query(Account).filter_by(code="psp:simulator:clearing").one()


def balances(page):
    return [
        int(text.replace(",", "").replace(".", "")) for text in re.findall(r"Balance </span>£([\d,.]+)</td></tr>", page)
    ]


def test_a_statement_can_be_walked_both_ways_and_its_balances_run_through(session, clerk):
    books.captures(130)
    base = f"/console/accounts/show/{psp(session).id}"
    first = clerk.get(base).text
    pages, page = [balances(first)], first
    while following := re.search(r'rel="next" href="([^"]+)"', page):
        page = clerk.get(following[1].replace("&amp;", "&")).text
        pages.append(balances(page))
    assert [len(one) for one in pages] == [50, 50, 30]
    assert [*chain.from_iterable(pages)] == [29300 * n for n in range(130, 0, -1)]
    back = re.search(r'rel="prev" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert balances(clerk.get(back).text) == pages[1]


def test_a_statement_has_its_opening_and_closing_and_links_to_entry_and_order(session, clerk):
    order = commerce.paid(session, commerce.story(session))
    session.commit()
    row, today = psp(session), utc_now().date()
    page = clerk.get(f"/console/accounts/show/{row.id}?since={today}&until={today}")
    assert "Opening balance" in page.text
    assert "£288.40" in page.text
    assert f'href="/console/orders/show/{order.id}"' in page.text
    assert re.search(r'href="/console/journal/show/\d+">order.captured</a>', page.text)
    before = words(clerk.get(f"/console/accounts/show/{row.id}?as_of={today - timedelta(days=1)}"))
    assert "Nothing was posted here on these days." in before
    assert re.search(r"Closing balance, end of .* £0\.00", before)
    after = words(clerk.get(f"/console/accounts/show/{row.id}?since={today + timedelta(days=1)}"))
    assert re.search(r"Opening balance, .* £288\.40", after)


def test_days_the_wrong_way_round_are_told_and_kept(session, clerk):
    books.capture(uuid7())
    answer = clerk.get(f"/console/accounts/show/{psp(session).id}?since=2026-03-02&until=2026-03-01")
    assert answer.status_code == 422
    assert "This day is after the last one" in answer.text
    assert 'value="2026-03-02"' in answer.text
    assert 'value="2026-03-01"' in answer.text


@pytest.mark.parametrize("place", ["x", "1", "1.", ".1", "-1.2", "9" * 30 + ".1", "1.99999999", "\u0661.\u0661"])
def test_nonsense_for_a_place_in_the_journal_is_no_error(session, clerk, place):
    books.capture(uuid7())
    for name in ("newer", "older"):
        assert clerk.get(f"/console/accounts/show/{psp(session).id}?{name}={place}").status_code == 200


def test_the_file_of_a_statement_has_its_lines_oldest_first(session, clerk):
    books.captures(3)
    rows = table(clerk, f"/console/accounts/statement/{psp(session).id}")
    assert [(row["Amount"], row["Balance"]) for row in rows] == [
        ("293.00", "293.00"),
        ("293.00", "586.00"),
        ("293.00", "879.00"),
    ]
    day = utc_now().date() - timedelta(days=1)
    assert table(clerk, f"/console/accounts/statement/{psp(session).id}?until={day}") == []


@pytest.mark.parametrize("where", ["money", "account"])
def test_these_pages_cost_the_same_whatever_there_is(session, clerk, where):
    costs = []
    for number in (2, 60):
        books.captures(number)
        path = PAGE if where == "money" else f"/console/accounts/show/{psp(session).id}"
        clerk.get(path)
        with statements() as seen:
            assert clerk.get(path).status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 14, seen
