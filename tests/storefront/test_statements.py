"""What a page asks of the database, however much it shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.session import engine
from tests.factories import catalogue, commerce


@pytest.fixture
def statements(app) -> Iterator[list[str]]:
    del app
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    sa.event.listen(engine(), "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine(), "before_cursor_execute", note)


def asked(browser, path: str, statements: list[str]) -> int:
    browser.page(path)  # the first look warms what is read once per process
    statements.clear()
    browser.page(path)
    return len(statements)


def test_a_list_of_orders_costs_the_same_however_long(buyer, seller, told, arrange, statements):
    arrange(commerce.paid, told)
    one = [asked(buyer, "/orders", statements), asked(seller, "/pro/orders?show=answer", statements)]
    for _ in range(3):
        arrange(commerce.paid, told)
    four = [asked(buyer, "/orders", statements), asked(seller, "/pro/orders?show=answer", statements)]
    assert one == four


def test_a_page_of_cards_costs_the_same_however_full(visitor, seller, told, arrange, statements):
    one = [asked(visitor, "/services", statements), asked(seller, "/pro/listings", statements)]
    for number in range(3):
        arrange(catalogue.live, told.seller.actor, title=f"Electrical safety report number {number}")
    four = [asked(visitor, "/services", statements), asked(seller, "/pro/listings", statements)]
    assert one == four


def test_a_listing_page_stays_cheap(visitor, told, statements):
    count = asked(visitor, f"/l/{told.listing.slug}", statements)
    assert count <= 16, "\n".join(statements)
