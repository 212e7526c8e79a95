"""Saving: the button, the door in between, the list, and taking something off with a way back."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.services.catalogue import favourite
from app.services.catalogue import listing as listings
from models.catalogue.favourite import Favourite
from models.people.seller import Seller, SellerState
from tests.factories import catalogue, people
from tests.storefront.test_statements import asked, statements

__all__ = ["statements"]
LIST = "/account/favourites"


@pytest.fixture
def save(told):
    def press(browser, on="/services", deed="save", what=""):
        return browser.send("/favourites", {deed: what or f"listing:{told.listing.slug}"}, seen_on=on)

    return press


@pytest.fixture
def kept(arrange, told):
    arrange(favourite.save_listing, told.listing.slug, user_id=told.buyer.user.id)
    return told.listing


def buttons(page: str) -> set[tuple[str, str]]:
    return set(re.findall(r'form="favourite" name="(\w+)" value="([^"]+)"', page))


def paused(work, told):
    row = listings.find_own(work, told.listing.slug, actor=told.seller.actor)
    return listings.pause(work, row, actor=told.seller.actor)


def test_every_card_and_page_has_its_button(visitor, told):
    listing = {("save", f"listing:{told.listing.slug}")}
    seller = ("save", f"seller:{told.seller.organisation.slug}")
    for path in ("/", "/services", "/services?q=electrical", f"/l/{told.listing.slug}"):
        assert buttons(visitor.page(path)) == listing, path
    assert buttons(visitor.page(f"/sellers/{told.seller.organisation.slug}")) == {*listing, seller}


def test_nobody_saves_their_own_listing_on_its_page(seller, told):
    assert buttons(seller.page(f"/l/{told.listing.slug}")) == set()


def test_pressing_it_saves_and_comes_back_to_the_same_card(buyer, told, save):
    answer = save(buyer, "/services?q=electrical")
    assert (answer.status_code, answer.location) == (303, f"/services?q=electrical#l-{told.listing.slug}")
    assert buttons(buyer.page("/services")) == {("drop", f"listing:{told.listing.slug}")}
    assert save(buyer, f"/l/{told.listing.slug}", "drop").location == f"/l/{told.listing.slug}"
    assert buttons(buyer.page("/services")) == {("save", f"listing:{told.listing.slug}")}


def test_a_seller_is_saved_from_their_page(buyer, told, save):
    path = f"/sellers/{told.seller.organisation.slug}"
    assert save(buyer, path, what=f"seller:{told.seller.organisation.slug}").location == path
    assert ("drop", f"seller:{told.seller.organisation.slug}") in buttons(buyer.page(path))
    page = buyer.page(f"{LIST}?show=sellers")
    assert told.seller.organisation.name in page
    assert "1 listing in the shop" in page


def test_who_is_not_signed_in_comes_back_with_it_saved(visitor, told, save):
    door = save(visitor, "/services?q=electrical").location
    assert door.startswith("/sign-in?next=")
    sent = visitor.send("/sign-in", {"email": told.buyer.user.email, "password": people.PASSWORD}, seen_on=door)
    assert sent.location.startswith(f"{LIST}/wanted?next=")
    assert visitor.get(sent.location).location == f"/services?q=electrical#l-{told.listing.slug}"
    page = visitor.page("/services")
    assert "Saved. You find it under Favourites." in page
    assert ("drop", f"listing:{told.listing.slug}") in buttons(page)


def test_the_address_after_the_door_does_nothing_by_itself(buyer, session, told):
    """Only what this browser pressed before is done; a link from elsewhere saves nothing and leads nowhere else."""
    assert buyer.get(f"{LIST}/wanted?next=https://evil.test/").location == "/"
    assert session.scalar(sa.select(sa.func.count(Favourite.id))) == 0


@pytest.mark.parametrize("typed", [{}, {"save": "listing"}, {"save": "planet:x"}, {"save": "listing:nothing-here"}])
def test_what_does_not_exist_is_not_found(buyer, told, typed):
    assert buyer.send("/favourites", typed).status_code == 404


def test_another_site_is_no_way_back(buyer, told):
    sent = buyer.send("/favourites", {"save": f"listing:{told.listing.slug}", "next": "//evil.test/x"})
    assert sent.location == f"/#l-{told.listing.slug}"


def test_an_empty_list_says_how_it_fills(buyer, told):
    assert "Press Save on a listing" in buyer.page(LIST)
    assert "Press Save on a seller" in buyer.page(f"{LIST}?show=sellers")


def test_the_list_shows_todays_price_and_the_next_visit(buyer, kept):
    page = buyer.page(LIST)
    assert kept.title in page
    assert "£293.00" in page
    assert re.search(r"Next visit <time[^>]*>\w+day", page)


def test_what_costs_less_than_then_says_by_how_much(buyer, kept, session):
    session.execute(sa.update(Favourite).values(price_minor=30_000))
    session.commit()
    assert "£7.00 less than when you saved it" in buyer.page(LIST)
    session.execute(sa.update(Favourite).values(price_minor=29_000))
    session.commit()
    page = buyer.page(LIST)
    assert "£290.00 when you saved it" in page
    assert "£3.00 less" not in page


def test_what_is_not_offered_any_more_says_so_in_the_words_of_then(buyer, kept, arrange, told, session):
    """A draft's new words were seen by no moderator."""
    arrange(paused, told)
    page = buyer.page(LIST)
    assert kept.title in page
    assert "Not offered at the moment" in page
    assert f'href="/l/{kept.slug}"' not in page

    def rewrite(work):
        row = listings.find_own(work, kept.slug, actor=told.seller.actor)
        listings.revise(work, row, actor=told.seller.actor)
        listings.edit(work, row, catalogue.terms(title="Words that nobody approved"), actor=told.seller.actor)

    arrange(rewrite)
    assert "Words that nobody approved" not in buyer.page(LIST)


def test_a_seller_who_may_not_sell_is_still_on_the_list_and_said_to(buyer, arrange, told, session):
    arrange(favourite.save_seller, told.seller.organisation.slug, user_id=told.buyer.user.id)
    session.get_one(Seller, told.seller.seller.id).state = SellerState.restricted
    session.commit()
    page = buyer.page(f"{LIST}?show=sellers")
    assert "Does not sell here at the moment" in page
    assert f'href="/sellers/{told.seller.organisation.slug}"' not in page


def test_taking_off_can_be_taken_back(buyer, kept, session):
    session.execute(sa.update(Favourite).values(price_minor=31_000))
    session.commit()
    (one,) = re.findall(r'name="favourite" value="([^"]+)"', buyer.page(LIST))
    answer = buyer.send(f"{LIST}/remove", {"favourite": one}, seen_on=LIST)
    assert answer.location == f"{LIST}?taken=1"
    page = buyer.page(answer.location)
    assert f"{kept.title} is off your list." in page
    assert "Nothing saved yet" in page
    assert buyer.send(f"{LIST}/undo", {}, seen_on=answer.location).location == LIST
    assert "£17.00 less than when you saved it" in buyer.page(LIST)
    assert buyer.send(f"{LIST}/undo").location == LIST, "once is once"
    assert session.scalar(sa.select(sa.func.count(Favourite.id))) == 1


def test_nobody_takes_off_what_is_another_s(stranger, kept, session):
    theirs = session.scalars(sa.select(Favourite)).one()
    for wanted in (str(theirs.id), "no-id", ""):
        assert stranger.send(f"{LIST}/remove", {"favourite": wanted}).status_code == 404
    assert kept.title not in stranger.page(LIST)


def test_nobody_signed_in_is_sent_to_the_door(visitor, told):
    assert visitor.get(LIST).location.startswith("/sign-in")


def test_the_list_goes_on_page_by_page_and_costs_the_same_however_long(buyer, arrange, told, kept, statements):
    one = asked(buyer, LIST, statements), asked(buyer, "/services", statements)
    for number in range(21):
        row = arrange(catalogue.live, told.seller.actor, title=f"Electrical safety report number {number}")
        arrange(favourite.save_listing, row.slug, user_id=told.buyer.user.id)
    assert (asked(buyer, LIST, statements), asked(buyer, "/services", statements)) == one
    first = buyer.page(LIST)
    second = buyer.page(re.search(r'rel="next" href="([^"]*)"', first)[1].replace("&amp;", "&"))
    slugs = [set(re.findall(r'href="/l/([^"]*)"', page)) for page in (first, second)]
    assert [len(one) for one in slugs] == [20, 2]
    assert not slugs[0] & slugs[1]
