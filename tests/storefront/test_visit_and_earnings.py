"""The calendar file of both sides and the provider's earnings, as people download and read them."""

from __future__ import annotations

import csv

from icalendar import Calendar

from app.services.commerce import order as orders
from models.commerce.order import Order
from tests.factories import commerce


def events(browser, at):
    answer = browser.get(at)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8; method=PUBLISH"
    return Calendar.from_ical(answer.data).events[0]


def test_the_visit_is_a_calendar_file_that_follows_the_order(buyer, seller, stranger, rival, told, arrange):
    made = arrange(commerce.paid, told)
    mine, theirs = f"/orders/{made.reference}/visit.ics", f"/pro/orders/{made.reference}/visit.ics"
    asked = events(buyer, mine)
    assert asked["status"] == "TENTATIVE"
    assert "Avon Electrical Testing" in asked["summary"]
    arrange(lambda work: orders.accept(work, work.get_one(Order, made.id), actor=told.seller.actor))
    agreed = events(seller, theirs)
    assert (agreed["status"], agreed["uid"]) == ("CONFIRMED", asked["uid"])
    assert "Key safe" in agreed["description"]
    assert agreed["sequence"] > asked["sequence"]
    arrange(lambda work: orders.cancel(work, work.get_one(Order, made.id), actor=told.buyer.actor))
    off = events(buyer, mine)
    assert (off["status"], off["uid"]) == ("CANCELLED", asked["uid"])
    assert off["sequence"] > agreed["sequence"]
    for browser in (stranger, rival):
        assert browser.get(mine).status_code == 404
        assert browser.get(theirs).status_code == 404


def test_earnings_name_each_order_and_say_that_nothing_was_paid_out(seller, rival, arrange, told):
    done, waiting = arrange(commerce.completed, told), arrange(commerce.paid, told)
    page = seller.page("/pro/earnings")
    assert "Payouts to bank accounts do not exist yet" in page
    for words in (done.reference, waiting.reference, "£288.00", "£253.44"):
        assert words in page, words
    only = seller.page("/pro/earnings?show=held")
    assert waiting.reference in only
    assert done.reference not in only
    assert done.reference not in rival.page("/pro/earnings")
    answer = seller.get("/pro/earnings.csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert {row["order"]: row["released"] for row in rows} == {done.reference: "253.44", waiting.reference: "0.00"}
    assert {row["order"]: row["held"] for row in rows} == {done.reference: "0.00", waiting.reference: "288.00"}


def test_a_customer_has_no_earnings(buyer):
    assert buyer.get("/pro/earnings").status_code == 404


def test_both_pages_say_what_happens_by_itself_and_on_whose_clock(buyer, seller, told, arrange):
    made = arrange(commerce.delivered, told)
    for page in (buyer.page(f"/orders/{made.reference}"), seller.page(f"/pro/orders/{made.reference}")):
        assert "If nobody acts: <time" in page
        assert "London time. £288.00 is released by itself, unless" in page


def test_after_changes_were_asked_for_both_read_whose_turn_it_is(buyer, seller, told, arrange):
    made = arrange(commerce.delivered, told)
    arrange(
        lambda work: orders.request_changes(
            work, work.get_one(Order, made.id), actor=told.buyer.actor, reason="The cover is loose."
        )
    )
    page = seller.page(f"/pro/orders/{made.reference}")
    assert "Priya Nair asked for changes" in page
    assert "this is round 1 of 3" in page
    assert "The cover is loose." in page
    assert "You asked for changes" in buyer.page(f"/orders/{made.reference}")
