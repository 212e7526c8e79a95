"""Reviews as people meet them: written blind on the order's page, then read by everybody, answered and reported."""

from __future__ import annotations

import json
import re

import pytest

from app.services.commerce import review
from models.commerce.order import Order
from models.commerce.review import Review, ReviewState
from tests.factories import commerce

GOOD = "On time, tidy, and the report was clear. <b>Bold</b>"
FAIR = "The parking was hard, but we agreed on everything."


@pytest.fixture
def done(told, arrange) -> Order:
    return arrange(commerce.completed, told)


@pytest.fixture
def mine(done) -> str:
    return f"/orders/{done.reference}/review"


@pytest.fixture
def theirs(done) -> str:
    return f"/pro/orders/{done.reference}/review"


@pytest.fixture
def published(told, arrange, done) -> Review:
    def write(work) -> Review:
        order = work.get_one(Order, done.id)
        row = review.write(work, order, actor=told.buyer.actor, stars=4, text=GOOD)
        review.write(work, order, actor=told.seller.actor, stars=5, text=FAIR)
        return row

    return arrange(write)


def test_both_sides_write_blind_and_read_each_other_afterwards(buyer, seller, visitor, done, mine, theirs, told):
    at = f"/orders/{done.reference}"
    assert "How was it with Avon Electrical Testing?" in buyer.page(at)
    answer = buyer.send(mine, {"stars": "4", "text": GOOD}, seen_on=at)
    assert (answer.status_code, answer.location) == (303, mine)
    assert "Your review waits" in buyer.page(at)
    blind = seller.page(f"/pro/orders/{done.reference}")
    assert "has written a review. You can read it when you have written yours" in blind
    assert "tidy" not in blind
    assert "tidy" not in seller.page(theirs)
    assert "tidy" not in visitor.page(f"/l/{told.listing.slug}")
    seller.send(theirs, {"stars": "5", "text": FAIR}, seen_on=theirs)
    assert "tidy" in seller.page(theirs)
    assert FAIR in buyer.page(mine)
    page = visitor.page(f"/l/{told.listing.slug}")
    assert "4.0" in page
    assert "Priya N." in page
    assert "Priya Nair" not in page
    assert "&lt;b&gt;Bold" in page


def test_the_author_changes_it_while_it_waits(buyer, mine, session):
    buyer.send(mine, {"stars": "5", "text": GOOD}, seen_on=mine)
    buyer.send(mine, {"stars": "2", "text": "They came two hours late after all."}, seen_on=mine)
    assert [(row.stars, row.text) for row in session.query(Review)] == [(2, "They came two hours late after all.")]


def test_a_form_that_lacks_something_comes_back_filled(buyer, mine, session):
    answer = buyer.send(mine, {"text": "Meh."}, seen_on=mine)
    assert answer.status_code == 422
    assert "Error:" in answer.text
    assert "Choose one to five stars." in answer.text
    assert ">Meh.</textarea>" in answer.text.replace("\r\n", "")
    assert session.query(Review).count() == 0


def test_before_the_end_there_is_no_form(buyer, arrange, told):
    order = arrange(commerce.delivered, told)
    assert "Write my review" not in buyer.page(f"/orders/{order.reference}")
    at = f"/orders/{order.reference}/review"
    assert "when the order is completed" in buyer.page(at)
    assert buyer.send(at, {"stars": "5", "text": GOOD, "key": "k"}).status_code == 409


def test_nobody_else_writes_or_reads_it_on_the_order(stranger, rival, visitor, mine, theirs, session):
    for at in (mine, theirs):
        for browser in (stranger, rival):
            assert browser.get(at).status_code == 404
            assert browser.send(at, {"stars": "1", "text": GOOD, "key": "k"}).status_code == 404
            assert browser.send(f"{at}/reply", {"text": "Hello", "key": "k"}).status_code == 404
        assert visitor.get(at).status_code == 303
    assert session.query(Review).count() == 0


def test_the_other_side_replies_once(seller, visitor, published, theirs, told):
    seller.send(f"{theirs}/reply", {"text": "Thank you, Priya."}, seen_on=theirs)
    assert "Thank you, Priya." in visitor.page(f"/reviews/{told.seller.organisation.slug}")
    assert seller.send(f"{theirs}/reply", {"text": "And more.", "key": "other"}).status_code == 409


def test_anybody_signed_in_reports_it_and_it_stays_until_staff_decide(stranger, visitor, published, session, told):
    at = f"/reviews/{published.id}/report"
    assert visitor.get(at).status_code == 303
    assert stranger.send(at, {}, seen_on=at).status_code == 422
    answer = stranger.send(at, {"code": "private", "text": "It names a road."}, seen_on=at)
    assert answer.status_code == 303
    session.expire_all()
    assert session.get(Review, published.id).state is ReviewState.reported
    assert "tidy" in visitor.page(f"/l/{told.listing.slug}")


def test_a_review_that_waits_cannot_be_reported_or_found(stranger, buyer, mine, session):
    buyer.send(mine, {"stars": "5", "text": GOOD}, seen_on=mine)
    row = session.query(Review).one()
    assert stranger.get(f"/reviews/{row.id}/report").status_code == 404


def test_a_search_engine_reads_the_figures(visitor, published, told):
    page = visitor.page(f"/l/{told.listing.slug}")
    told_to_engines = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page, re.DOTALL)
    found = next(one for one in map(json.loads, told_to_engines) if "aggregateRating" in one)
    assert found["aggregateRating"]["ratingValue"] == "4.0"
    assert found["review"][0]["reviewBody"] == GOOD
    (service,) = [one for other in map(json.loads, told_to_engines) for one in other.get("@graph", [])][:1]
    assert (found["@type"], found["@id"]) == ("Service", service["@id"]), "figures of the listing, not of the business"
    assert 'style="' not in page


def test_the_desk_shows_figures_and_whom_to_review(seller, done, published, arrange, told):
    other = arrange(commerce.completed, told)
    page = seller.page("/pro/reviews")
    assert "tidy" in page
    assert other.reference in page
    assert "Customers you can review" in page
