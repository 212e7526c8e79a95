"""Quotes as people meet them: a described job, an offer with its all-in price, and a checkout that says its lines."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.services.catalogue import listing as listings
from app.services.commerce import capture, quote_request
from app.services.people import vat_status
from app.services.platform import clock
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.payment import Payment
from models.commerce.quote_request import QuoteRequest, QuoteState
from models.types import utc_now
from tests.factories import commerce, pictures
from tests.factories import quote as made
from tests.storefront.test_statements import asked, statements  # noqa: F401  a fixture

JOB = {
    "text": "A flat with two boards, one of them old. <b>Both</b> tested, please.",
    "site_address": "14 Stackpool Road",
    "site_postcode": "bs3 1ng",
    "wished": "Mornings",
}


@pytest.fixture
def at(told) -> str:
    return f"/l/{told.listing.slug}/quote"


@pytest.fixture
def row(told, arrange) -> QuoteRequest:
    return arrange(made.offered, told)


def typed(told, **changes: str) -> dict[str, str]:
    day = made.visit(told.listing).day.isoformat()
    said = {"title_1": "Report for two boards", "price_1": "£310.00", "title_2": "New main switch", "price_2": "85.50"}
    return {**said, "visit_day": day, "visit_from": "08:00", "visit_until": "12:00", "days": "7", **changes}


def test_from_the_listing_to_the_checkout_and_the_order(buyer, seller, told, at, session, arrange):
    assert at in buyer.page(f"/l/{told.listing.slug}")
    photo = (io.BytesIO(pictures.jpeg()), "board.jpg")
    answer = buyer.send(at, {**JOB, "file": photo}, seen_on=at)
    assert answer.status_code == 303
    row = session.query(QuoteRequest).one()
    mine, theirs = f"/quotes/{row.id}", f"/pro/quotes/{row.id}"
    assert answer.location == mine
    assert "Your request waits for an offer" in buyer.page(mine)
    assert theirs in seller.page("/pro/quotes")
    desk = seller.page(theirs)
    assert "&lt;b&gt;Both&lt;/b&gt; tested" in desk
    file = f"{theirs}/files/{row.files[0].id}"
    assert file in desk
    assert seller.get(file).headers["Content-Disposition"].startswith("attachment")
    assert seller.send(f"{theirs}/offer", typed(told), seen_on=theirs).location == theirs
    page = buyer.page(mine)
    for words in ("You have an offer", "£479.60 all-in", "New main switch", "of which VAT", "£79.10"):
        assert words in page, words
    answer = buyer.send(f"{mine}/accept", seen_on=mine)
    begun = session.query(Checkout).one()
    assert (answer.status_code, answer.location) == (303, f"/checkout/{begun.id}")
    page = buyer.page(answer.location)
    for words in ("£479.60", "Report for two boards", "New main switch", "14 Stackpool Road", mine):
        assert words in page, words
    assert 'type="radio" name="window"' not in page
    answer = buyer.send(answer.location, {"express_start": "y", "access_notes": "Ring twice"}, seen_on=answer.location)
    assert answer.status_code == 503  # no payment provider here
    assert "New main switch" in answer.text

    def pay(work):
        payment = work.scalars(sa.select(Payment)).one()
        capture.follow(work, payment, commerce.intent(payment))
        return commerce.order_of(work, payment).reference

    reference = arrange(pay)
    assert f'href="{mine}">From quote' in buyer.page(f"/orders/{reference}")
    assert f'href="{theirs}">From quote' in seller.page(f"/pro/orders/{reference}")
    assert f"Order {reference}" in buyer.page(mine)
    assert f"Order {reference}" in seller.page(theirs)
    assert buyer.send(f"{mine}/accept", {"key": "again", "number": "1"}).location == f"/checkout/{begun.id}"


def test_the_same_form_twice_is_one_quote(buyer, at, session):
    for _ in range(2):
        assert buyer.client.post(at, data={**JOB, "key": "one"}).status_code == 303
    assert session.query(QuoteRequest).count() == 1


def test_what_cannot_be_taken_comes_back_with_what_was_typed(buyer, seller, at, told, arrange):
    answer = buyer.send(at, {**JOB, "text": "Short", "site_postcode": "EH1 1AA", "wished_from": "soon"}, seen_on=at)
    assert answer.status_code == 422
    assert "Error: Ask for a quote" in answer.text
    answer = buyer.send(at, {**JOB, "text": "Short", "site_postcode": "EH1 1AA"}, seen_on=at)
    for words in ("Describe the job in 20 to 4000 characters.", "This provider does not work there.", "Mornings"):
        assert words in answer.text, words
    row = arrange(made.requested, told)
    desk = f"/pro/quotes/{row.id}"
    wrong = [
        ({"price_1": "many"}, "Enter a price in pounds"),
        ({"title_1": ""}, "Line 1: say what it is"),
        ({"visit_until": "07:00"}, "hours that end after they begin"),
        ({"visit_day": ""}, "Enter a day"),
        ({"days": "30"}, "The visit begins before the offer ends"),
        ({"days": ""}, "Choose 1 to 30 days."),
    ]
    for changes, words in wrong:
        answer = seller.send(f"{desk}/offer", typed(told, **changes), seen_on=desk)
        assert answer.status_code == 422, changes
        assert words in answer.text, changes
        assert "New main switch" in answer.text
    answer = seller.send(f"{desk}/decline", {"code": "other"}, seen_on=desk)
    assert answer.status_code == 422
    assert "Say why, in a sentence." in answer.text


def test_the_offer_that_changed_is_shown_and_not_accepted(buyer, seller, told, row, session):
    mine, theirs = f"/quotes/{row.id}", f"/pro/quotes/{row.id}"
    buyer.page(mine)
    seen = {"number": "1", "key": "seen"}
    assert "New main switch" in seller.page(theirs)
    changed = seller.send(f"{theirs}/offer", typed(told, price_1="400"), seen_on=theirs)
    assert changed.status_code == 303
    answer = buyer.client.post(f"{mine}/accept", data=seen)
    assert answer.status_code == 409
    assert "The provider changed the offer after you opened the page." in answer.text
    assert "£587.60 all-in" in answer.text
    assert session.query(Checkout).count() == 0
    stale = seller.client.post(f"{theirs}/offer", data={**typed(told), "after": "1", "key": "stale"})
    assert stale.status_code == 409
    assert buyer.send(f"{mine}/accept", seen_on=mine).status_code == 303


def test_each_side_can_say_no(buyer, seller, told, arrange, session):
    first, second, third = (arrange(make, told) for make in (made.requested, made.offered, made.offered))
    assert buyer.send(f"/quotes/{first.id}/withdraw", seen_on=f"/quotes/{first.id}").status_code == 303
    assert buyer.send(f"/quotes/{second.id}/refuse", seen_on=f"/quotes/{second.id}").status_code == 303
    desk = f"/pro/quotes/{third.id}"
    said = {"code": "too_far", "reason": "Past the bridge."}
    assert seller.send(f"{desk}/decline", said, seen_on=desk).status_code == 303
    assert "Too far away: Past the bridge." in buyer.page(f"/quotes/{third.id}")
    session.expire_all()
    states = [session.get(QuoteRequest, one.id).state.name for one in (first, second, third)]
    assert states == ["withdrawn", "refused", "declined"]
    late = buyer.client.post(f"/quotes/{third.id}/accept", data={"number": "1", "key": "late"})
    assert late.status_code == 409
    assert buyer.client.post(f"/quotes/{first.id}/refuse", data={"key": "late"}).status_code == 409
    for page in (buyer.page("/quotes"), seller.page("/pro/quotes")):
        for words in ("Taken back", "Refused", "Declined"):
            assert words in page


def test_an_offer_that_is_over_has_no_button(buyer, row, monkeypatch):
    monkeypatch.setattr(clock, "utc_now", lambda: utc_now() + timedelta(days=7, hours=1))
    page = buyer.page(f"/quotes/{row.id}")
    assert "The offer was valid until" in page
    assert "/accept" not in page


def test_a_checkout_that_ended_leaves_the_offer(buyer, told, row, arrange, session):
    def accept_and_lapse(work):
        from app.services.commerce import checkout
        from models.actor import Actor

        begun = quote_request.accept(work, work.get_one(QuoteRequest, row.id), actor=told.buyer.actor, number=1)
        checkout.lapse(work, begun, actor=Actor.system("timer"))

    arrange(accept_and_lapse)
    session.expire_all()
    assert session.get(QuoteRequest, row.id).state is QuoteState.offered
    assert buyer.send(f"/quotes/{row.id}/accept", seen_on=f"/quotes/{row.id}").status_code == 303


def test_what_was_accepted_is_given_back_from_its_page_while_it_is_not_paid(buyer, row, session):
    mine = f"/quotes/{row.id}"
    begun = buyer.send(f"{mine}/accept", seen_on=mine).location
    page = buyer.page(mine)
    assert begun in page
    assert f"{mine}/give_back" in page
    assert buyer.send(f"{mine}/give_back", {"key": "one"}).location == mine
    page = buyer.page(mine)
    assert f"{mine}/accept" in page
    assert "/give_back" not in page
    answer = buyer.send(f"{mine}/give_back", {"key": "two"})
    assert answer.status_code == 409
    assert "Nothing of this quote waits to be paid." in answer.text
    assert session.query(Checkout).one().state is CheckoutState.abandoned


def test_the_page_leads_to_no_checkout_that_can_no_longer_be_ordered(buyer, row, monkeypatch):
    mine = f"/quotes/{row.id}"
    begun = buyer.send(f"{mine}/accept", seen_on=mine).location
    monkeypatch.setattr(clock, "utc_now", lambda: utc_now() + timedelta(days=7, minutes=1))
    page = buyer.page(mine)
    assert begun not in page
    assert "Nothing was paid. The offer was valid until" in page
    assert "/give_back" in page


def test_what_was_accepted_is_shown_at_the_sums_of_its_checkout(buyer, seller, told, row, arrange):
    mine = f"/quotes/{row.id}"
    buyer.send(f"{mine}/accept", seen_on=mine)

    def no_more_vat(work):
        vat_status.declare(work, work.merge(told.seller.seller), actor=told.seller.actor, registered=False)

    arrange(no_more_vat)
    assert "£479.60 all-in" in buyer.page(mine)
    assert "£474.60" in seller.page(f"/pro/quotes/{row.id}")


def test_who_had_the_page_open_reads_that_it_went(buyer, at, told, arrange):
    arrange(lambda work: listings.pause(work, work.get_one(Listing, told.listing.id), actor=told.seller.actor))
    answer = buyer.client.post(at, data={**JOB, "key": "one"})
    assert answer.status_code == 409
    assert quote_request.NOT_ON_SALE in answer.text
    assert "tested, please" in answer.text
    assert buyer.get("/l/never-was-one/quote").status_code == 404


def test_nobody_asks_themselves(seller, at):
    assert "This is your own listing." in seller.page(at)
    assert seller.client.post(at, data={**JOB, "key": "one"}).status_code == 403


def test_another_s_quote_is_not_there(stranger, rival, buyer, seller, told, row, arrange):
    assert stranger.get(f"/quotes/{row.id}").status_code == 404
    assert stranger.client.post(f"/quotes/{row.id}/accept", data={"number": "1", "key": "k"}).status_code == 404
    assert rival.get(f"/pro/quotes/{row.id}").status_code == 404
    assert buyer.get(f"/pro/quotes/{row.id}").status_code == 404
    assert seller.get(f"/quotes/{row.id}").status_code == 404
    other = arrange(made.requested, told, files=[arrange(commerce.photo).stored_file])
    assert buyer.get(f"/quotes/{row.id}/files/{other.files[0].id}").status_code == 404


def test_the_lists_cost_the_same_however_long(buyer, seller, told, arrange, statements):  # noqa: F811
    arrange(made.offered, told)
    arrange(made.requested, told)
    one = [asked(buyer, "/quotes", statements), asked(seller, "/pro/quotes", statements)]

    def more(work):
        for _ in range(3):
            done = made.offered(work, told)
            quote_request.refuse(work, done, actor=told.buyer.actor)

    arrange(more)
    assert one == [asked(buyer, "/quotes", statements), asked(seller, "/pro/quotes", statements)]
