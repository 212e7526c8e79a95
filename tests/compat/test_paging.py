"""Pages of a list: each row once, forwards and backwards, in any order, with gaps and with rows that come meanwhile."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compat.lab import Jar
from views import keyset, listing
from views.keyset import Key

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def names(page: str) -> list[str]:
    return re.findall(r">(mine \d+)<", page)


def walked(visitor: Any, address: str, rel: str) -> list[list[str]]:
    """The pages from an address on, one after the other."""
    pages = []
    while address:
        text = visitor.get(address).text
        pages.append(names(text))
        address = link(text, rel)
    return pages


@pytest.fixture
def sixty(session):
    """Some weigh alike, some were never opened."""
    session.add_all(
        Jar(name=f"mine {n:03}", weight=n % 3, opened_at=T0 + timedelta(days=n % 7) if n % 4 else None)
        for n in range(60)
    )
    session.commit()
    yield
    session.rollback()
    session.execute(sa.delete(Jar))
    session.commit()


@pytest.mark.parametrize("order", ["", "weight", "-weight", "name", "-name", "opened_at", "-opened_at"])
def test_every_row_is_on_one_page_forwards_and_backwards(visitor, sixty, order):
    pages = walked(visitor, f"/console/jars/list/?order={order}", "next")
    assert [len(page) for page in pages] == [25, 25, 10]
    assert sorted(name for page in pages for name in page) == [f"mine {n:03}" for n in range(60)]
    last = f"/console/jars/list/?order={order}"
    for _ in pages[1:]:
        last = link(visitor.get(last).text, "next")
    back = walked(visitor, last, "prev")
    assert [*reversed(back)] == pages


def test_a_row_that_comes_meanwhile_moves_no_other_to_the_next_page(visitor, session, sixty):
    first = visitor.get("/console/jars/list/?order=name").text
    session.add(Jar(name="mine 0005"))
    session.commit()
    second = names(visitor.get(link(first, "next")).text)
    assert second[0] == "mine 025"
    assert "of 61" in visitor.get(link(first, "next")).text


def test_going_back_to_where_rows_have_come_shows_a_full_first_page(visitor, session, sixty):
    second = visitor.get(link(visitor.get("/console/jars/list/?order=name").text, "next")).text
    session.execute(sa.delete(Jar).where(Jar.name < "mine 010"))
    session.commit()
    assert names(visitor.get(link(second, "prev")).text)[0] == "mine 010"


def test_a_place_of_another_order_is_the_first_page(visitor, sixty):
    there = link(visitor.get("/console/jars/list/?order=name").text, "next")
    assert names(visitor.get(there.replace("order=name", "order=opened_at")).text) == names(
        visitor.get("/console/jars/list/?order=opened_at").text
    )


def test_a_long_list_is_estimated_until_somebody_asks(visitor, session, sixty, monkeypatch):
    monkeypatch.setattr(listing, "COUNTED", 50)
    session.execute(sa.text("analyze lab.jar"))
    session.commit()
    page = visitor.get("/console/jars/list/").text
    assert re.search(r"of about \d+", page)
    exactly = html.unescape(re.search(r'href="([^"]+)">Count exactly', page)[1])
    assert "of 60<" in visitor.get(exactly).text


VALUE = st.one_of(st.none(), st.integers(-3, 3))


@settings(deadline=None)
@given(st.lists(st.tuples(VALUE, VALUE), max_size=12), st.booleans(), st.booleans(), st.integers(1, 5))
def test_pages_together_are_the_whole_order(superuser, rows, first_down, second_down, size):
    """Against PostgreSQL's own order, gaps included."""
    columns = (sa.column("a", sa.Integer), sa.column("b", sa.Integer), sa.column("id", sa.Integer))
    table = sa.values(*columns, name="t").data([(a, b, n) for n, (a, b) in enumerate(rows)] or [(None, None, 0)])
    a, b, key = (sa.cast(column, sa.Integer) for column in table.c)
    keys = [Key(a, first_down, filled=False), Key(b, second_down, filled=False), Key(key, True, filled=False)]
    query = sa.select(a.label("a"), b.label("b"), key.label("id")).order_by(*(one.clause for one in keys))
    with superuser.connect() as connection:
        whole = [tuple(row) for row in connection.execute(query)]
        seen: list[tuple[Any, ...]] = []
        page = query
        while found := [tuple(row) for row in connection.execute(page.limit(size))]:
            seen += found
            place = keyset.place(keys, keyset.token(found[-1]))
            page = query.where(keyset.beyond(keys, place))
    assert seen == whole
