"""Finding something: the tree with its counts, words, places, facets, pages, and a shelf that is bare."""

from __future__ import annotations

import re

import pytest

from tests.factories import catalogue


def prices(page: str) -> set[str]:
    return set(re.findall(r'<span class="price[^"]*">([^<]*)</span>', page))


@pytest.fixture
def painting(arrange, told):
    return arrange(catalogue.live, told.seller.actor, catalogue.painting(areas=("CF",)))


def test_a_card_and_its_listing_show_what_ordering_it_costs(visitor, told):
    path = f"/l/{told.listing.slug}"
    assert prices(visitor.page("/services")) == {"£293.00"}
    assert prices(visitor.page(path)) == {"£293.00"}
    assert "£288.00 with VAT and the £5.00 order fee" in visitor.page(path)


def test_a_listing_names_the_business_one_contracts_with(visitor, told):
    page = visitor.page(f"/l/{told.listing.slug}")
    for fact in ("Avon Electrical Testing Ltd", "09990120", "GB999912005", "0117 496 0120"):
        assert fact in page


def test_the_tree_counts_every_branch(visitor, painting):
    page = visitor.page("/services")
    counts = dict(re.findall(r'<span>([^<]+)</span><span class="n">(\d+)', page))
    assert counts["Electrical"] == counts["Painting and decorating"] == "1"
    assert counts["Cleaning"] == "0"


def test_a_branch_shows_what_lies_below_it(visitor, told, painting):
    page = visitor.page("/services/electrical")
    assert told.listing.title in page
    assert painting.title not in page


def test_a_category_that_does_not_exist_is_not_found(visitor):
    assert visitor.get("/services/electrical/teleportation").status_code == 404


@pytest.mark.parametrize(("where", "found"), [("BS3 1NG", True), ("bs3", True), ("BS", True), ("CF10 1AA", False)])
def test_a_place_finds_those_who_come_there(visitor, told, where, found):
    assert (told.listing.title in visitor.page(f"/services?where={where}")) is found


def test_a_place_that_is_none_is_said_at_the_field(visitor, told):
    page = visitor.page("/services?where=London")
    assert "Enter a postcode, like BS3 1JA" in page
    assert told.listing.title in page


def test_a_facet_narrows_and_its_chip_takes_it_off(visitor, told, painting):
    page = visitor.page("/services?f-materials_included=true")
    assert painting.title in page
    assert told.listing.title not in page
    assert "Materials included: Yes" in page
    assert re.search(r'class="chip" href="/services">', page)


def test_a_bare_shelf_says_what_to_let_go_of(visitor, told):
    page = visitor.page("/services?q=unicorn+polishing&where=CF")
    assert "The shelf is bare" in page
    assert "without in Cardiff (CF)" in page
    assert "Electrical (1)" in page


def test_pages_go_on_after_the_last_one_seen(visitor, told, arrange):
    for number in range(25):
        arrange(catalogue.live, told.seller.actor, title=f"Electrical safety report number {number}")
    first = visitor.page("/services")
    more = re.search(r'rel="next" href="([^"]*)"', first)[1].replace("&amp;", "&")
    second = visitor.page(more)
    slugs = [set(re.findall(r'href="/l/([^"]*)"', page)) for page in (first, second)]
    assert [len(one) for one in slugs] == [24, 2]
    assert not slugs[0] & slugs[1]


def test_what_is_not_on_sale_has_no_page(visitor, told, arrange):
    waiting = arrange(catalogue.submitted, told.seller.actor)
    assert visitor.get(f"/l/{waiting.slug}").status_code == 404
    assert visitor.get("/l/nothing-here").status_code == 404
    assert waiting.slug not in visitor.page("/services")


def test_the_home_page_shows_trades_that_have_something(visitor, told):
    page = visitor.page("/")
    assert "Electrical safety report" in page
    assert "Roofing and gutters" not in page


def test_a_mistyped_word_is_read_as_its_neighbour_and_can_be_insisted_on(visitor, told):
    page = visitor.page("/services?q=electrcal")
    assert "Showing results for" in page
    assert told.listing.title in page
    assert "exact=1" in page
    assert "search instead for electrcal" in page
    assert told.listing.title not in visitor.page("/services?q=electrcal&exact=1")


def test_a_price_range_is_the_all_in_one(visitor, told, painting):
    assert told.listing.title in visitor.page("/services?from=293&to=293")
    assert told.listing.title not in visitor.page("/services?to=292.99")
    assert "up to £292.99 all-in" in visitor.page("/services?to=292.99")
    wrong = visitor.page("/services?to=much")
    assert "Type a sum in pounds" in wrong
    assert told.listing.title in wrong


def test_the_order_can_be_chosen_and_says_why(visitor, told, painting):
    page = visitor.page("/services?sort=price")
    assert page.index(told.listing.title) < page.index(painting.title)
    assert "Nobody can pay for a place" in page
    assert "the title" in visitor.page("/services?q=safety+report")


def test_a_bare_shelf_counts_what_letting_go_would_give(visitor, told):
    page = visitor.page("/services?q=electrical&where=CF")
    assert "without in Cardiff (CF) (1)" in page
    assert "without “electrical” (0)" in page


def test_one_search_has_one_address(visitor, told):
    answer = visitor.get("/search?q=boiler&where=BS3")
    assert answer.status_code == 301
    assert answer.location == "/services?q=boiler&where=BS3"
    page = visitor.page("/services?where=&q=electrical&from=")
    assert re.search(r'<link rel="canonical" href="http[^"]+/services\?q=electrical">', page)
