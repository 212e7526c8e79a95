"""What is on sale, without a token: the shop's search and the shop's all-in price."""

from __future__ import annotations

import sqlalchemy as sa

from app.session import engine
from tests.factories import catalogue


def test_a_listing_says_its_price_in_parts_and_its_visits(nobody, told):
    shown = nobody.read(f"/listings/{told.listing.slug}")
    sums = {name: one["amount_minor"] for name, one in shown["price"].items()}
    assert sums == {"net": 24_000, "vat": 4_800, "fee": 500, "total": 29_300}
    assert shown["windows"]
    assert shown["provider"] == told.seller.organisation.name


def test_the_list_is_searched_and_comes_in_pages(nobody, told, arrange):
    for number in range(3):
        arrange(catalogue.live, told.seller.actor, title=f"Electrical safety report number {number}")
    first = nobody.read("/listings", limit=3)
    assert (first["total"], len(first["items"])) == (4, 3)
    rest = nobody.read("/listings", limit=3, after=first["next"])
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert nobody.read("/listings", q="zeppelin")["items"] == []
    assert nobody.read("/listings", area="bs")["total"] == 4
    assert nobody.read("/listings", area="EH")["total"] == 0
    assert first["items"][0]["price"]["amount_minor"] == 29_300


def test_what_is_not_on_sale_is_not_there(nobody, told, arrange):
    from app.services.catalogue import listing as verbs

    arrange(lambda work: verbs.pause(work, work.merge(told.listing), actor=told.seller.actor))
    assert nobody.get(f"/listings/{told.listing.slug}").status_code == 404
    assert nobody.read("/listings")["items"] == []


def test_a_page_costs_the_same_however_full(nobody, told, arrange):
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    def count():
        nobody.read("/listings")
        seen.clear()
        nobody.read("/listings")
        return len(seen)

    sa.event.listen(engine(), "before_cursor_execute", note)
    try:
        one = count()
        for number in range(4):
            arrange(catalogue.live, told.seller.actor, title=f"Electrical safety report number {number}")
        five = count()
    finally:
        sa.event.remove(engine(), "before_cursor_execute", note)
    assert one == five
