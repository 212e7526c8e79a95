"""Orders, prices, spelling and counts of the search against what a plain reading of the shop says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.services.catalogue import listing as verbs
from app.services.catalogue import search, search_nothing
from app.services.catalogue.search import Question, Sort
from app.services.commerce import quote
from app.services.people import vat_status
from app.services.platform import clock
from models.catalogue.listing import Listing
from models.people.seller import Seller
from models.people.vat_status import VatStatus
from tests.factories.catalogue import live, painting, provider

PER_EXAMPLE = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def all_in(session: Session, listing: Listing) -> int:
    return quote.of_listing(session, listing, at=clock.now()).total_minor


def words(session: Session) -> dict[str, int]:
    return dict(session.execute(sa.text("select word, listings from search_lexeme")).all())


def walk(session: Session, asked: Question, *, meanwhile: list[int] | None = None) -> list[Listing]:
    """Every page of three; `meanwhile` are prices of listings that come into the shop between two pages."""
    seen: list[Listing] = []
    after, coming = "", list(meanwhile or [])
    while True:
        page = search.search(session, asked, after=after, limit=3)
        seen += page.listings
        if page.after is None:
            return seen
        after = page.after
        if coming:
            live(session, provider(session), title="Electrical report that came later", price_minor=coming.pop())
            session.commit()


@PER_EXAMPLE
@given(
    prices=st.lists(st.sampled_from([10_000, 10_001, 24_000, 24_001, 99_999]), min_size=4, max_size=8),
    coming=st.lists(st.sampled_from([1, 24_000, 500_000]), max_size=2),
    sort=st.sampled_from(list(Sort)),
    text=st.sampled_from(["", "electrical report"]),
)
def test_pages_have_no_gap_and_no_double_while_listings_come(session, arrange, prices, coming, sort, text):
    seller = provider(session)
    made = [live(session, seller, title=f"Electrical report number {n}", price_minor=p) for n, p in enumerate(prices)]
    session.commit()
    seen = walk(session, Question(text=text, sort=sort), meanwhile=coming)
    ids = [listing.id for listing in seen]
    assert len(set(ids)) == len(ids)
    assert {listing.id for listing in made} <= set(ids)
    if sort is Sort.price:
        shown = [all_in(session, listing) for listing in seen]
        assert all(one <= other for one, other in pairwise(shown))
    session.expunge_all()  # a row that came with its parts cannot be locked without them
    for listing in session.scalars(sa.select(Listing).where(Listing.state == "live")).all():
        verbs.retire(session, listing, actor=replace(seller, organisation_id=listing.organisation_id))
    session.commit()


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize("net", [1, 333, 24_000, 24_003])
def test_the_price_that_filters_is_the_price_on_the_card(session, registered, net):
    seller = provider(session)
    listing = live(session, seller, price_minor=net)
    row = session.scalars(sa.select(Seller)).one()
    number = "GB980780684" if registered else ""
    said = VatStatus(seller_id=row.id, registered=registered, number=number, from_day=vat_status.today())
    session.add(said)
    session.commit()
    price = all_in(session, listing)
    assert search.find(session, least_minor=price, most_minor=price).total == 1
    assert search.find(session, least_minor=price + 1).total == 0
    assert search.find(session, most_minor=price - 1).total == 0


def test_facet_counts_are_what_counting_by_hand_gives(session):
    seller = provider(session)
    made = [
        live(session, seller, facets={"circuits": c, "written_report": r, "property_type": t})
        for c, r, t in ((5, True, ["flat"]), (9, False, ["flat", "house"]), (9, True, ["house"]), (20, True, ["flat"]))
    ]
    session.commit()
    chosen = {"property_type": ["flat"], "written_report": ["true"]}
    found = search.find(session, facets=chosen, least_minor=1)
    for group in found.facets:
        others = {key: values for key, values in chosen.items() if key != group.key}
        for count in group.counts:
            by_hand = sum(
                all(_has(one, key, values) for key, values in others.items()) and _has(one, group.key, [count.value])
                for one in made
            )
            assert count.number == by_hand, (group.key, count.value)


def _has(listing: Listing, key: str, values: list[str]) -> bool:
    told = {v.text_value or str(v.boolean_value).lower() for v in listing.facets if v.facet.key == key}
    numbers = {f"{v.number_value.normalize():f}" for v in listing.facets if v.facet.key == key and v.number_value}
    return bool((told | numbers) & set(values))


def test_words_are_known_from_the_commit_that_puts_a_listing_in_the_shop_until_the_last_one_leaves(session):
    seller = provider(session)
    one, two = (live(session, seller, painting(title=f"Wallpaper hung in room {n}")) for n in "ab")
    session.commit()
    assert words(session)["wallpaper"] == 2
    assert "and" not in words(session)
    verbs.pause(session, one, actor=seller)
    session.commit()
    assert words(session)["wallpaper"] == 1
    verbs.resume(session, one, actor=seller)
    verbs.retire(session, two, actor=seller)
    session.commit()
    assert words(session)["wallpaper"] == 1
    verbs.retire(session, one, actor=seller)
    session.commit()
    assert words(session) == {}


@pytest.mark.parametrize("typed", ["wallpapr", "walpaper", "WALLPAPRE", "room wallpapr"])
def test_a_mistyped_word_becomes_its_neighbour(session, typed):
    live(session, provider(session), painting(title="Wallpaper hung in one room"))
    session.commit()
    found = search.find(session, text=typed)
    assert "wallpaper" in found.text
    assert found.total == 1
    assert search.find(session, text=typed, exact=True).total == 0


@pytest.mark.parametrize("typed", ["wallpaper", "wallpapers", "with", "-hung wallpaper", '"one room"', "zzzzzz"])
def test_what_is_known_or_has_no_neighbour_stays_as_it_was_typed(session, typed):
    live(session, provider(session), painting(title="Wallpaper hung in one room"))
    session.commit()
    assert search.find(session, text=typed).text == typed


def test_a_result_says_where_the_words_are(session):
    live(session, provider(session, "Avon Sparks"))
    session.commit()
    (why,) = search.find(session, text="safety fusebox sparks").why
    assert why.found_in == ("the title", "the category, its other names, the details or the provider")
    assert 0 < why.words_percent <= 100


def test_nothing_found_says_what_to_let_go_of(session):
    live(session, provider(session), areas=("BS",))
    session.commit()
    asked = Question(node="services", text="report", area="CF", facets={"written_report": ["true"]})
    hint = search_nothing.hint(session, asked, "report")
    assert hint.without == {"node": 0, "text": 0, "area": 1, "written_report": 0}


def test_a_cursor_of_another_order_is_passed_over(session):
    for number in range(3):
        live(session, provider(session), title=f"Electrical report number {number}")
    session.commit()
    cheapest = search.find(session, sort=Sort.price, limit=1)
    assert search.find(session, sort=Sort.newest, after=cheapest.after).listings[0].title.endswith("2")
