"""Every button, pressed twice in the same moment: one effect, and both answers lead on."""

from __future__ import annotations

from http import HTTPStatus

import httpx
import pytest

from tests.factories import commerce
from tests.faults import orders
from tests.faults.browser import PHOTO, Browser, Filled, Paying
from tests.faults.town import Town

EVENTS = "select event from transition where subject_id = %s order by id"
CLICKS = 4


def lead_on(answers: list[httpx.Response]) -> set[str]:
    """Where the answers lead; every one of them is a redirect."""
    assert [answer.status_code for answer in answers] == [HTTPStatus.SEE_OTHER] * len(answers), answers
    return {answer.headers["Location"] for answer in answers}


@pytest.fixture
def order(town: Town, buyer: Browser, story: commerce.Story) -> str:
    """A paid order's reference."""
    return orders.paid(town, buyer, story)


def pressed(browser: Browser, page: str, action: str, **fields: object) -> list[httpx.Response]:
    browser.go(page)
    return browser.press_at_once(browser.fill(fields, action=action), CLICKS)


def test_beginning_twice_begins_one_checkout(town: Town, buyer: Browser, story: commerce.Story) -> None:
    before = town.one("select count(*) from checkout")
    page = buyer.go(f"/l/{story.listing.slug}")
    window = page.xpath("//input[@name='window']/@value")[0]
    form = buyer.fill({"window": window}, action=f"/l/{story.listing.slug}/order")
    assert len(lead_on(buyer.press_at_once(form, CLICKS))) == 1
    assert town.one("select count(*) from checkout") == before + 1


def test_ordering_twice_opens_one_payment_and_both_clicks_reach_it(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    town.knobs(answer_delay_ms=300)  # so that one click finds the other at the provider
    buyer.to_checkout(story.listing.slug)
    checkout, form = buyer.checkout_id, buyer.checkout_form()
    pages = lead_on(buyer.press_at_once(form, CLICKS))
    assert len(pages) == 1
    paying = Paying(checkout, pages.pop())
    assert town.ask(EVENTS, checkout) == [("submit",)]
    assert town.one("select count(*) from payment where checkout_id = %s", checkout) == 1
    mine = [one for one in town.provider("payment_intents", limit="100")["data"] if checkout in str(one["metadata"])]
    assert [one["id"] for one in mine] == [paying.intent_id]
    paying.pay()
    town.until(lambda: town.one("select state from checkout where id = %s", checkout) == "paid")


def test_paying_twice_takes_the_money_once(town: Town, buyer: Browser, story: commerce.Story) -> None:
    paying = buyer.to_payment(story.listing.slug)
    form = Filled(paying.pay_page, {"do": "pay", "card": "4242 4242 4242 4242"})
    assert len(lead_on(buyer.press_at_once(form, CLICKS))) == 1
    town.until_counted(1, "select 1 from sales_order where checkout_id = %s", paying.checkout_id)
    intent = town.provider(f"payment_intents/{paying.intent_id}")
    assert intent["amount_received"] == 29_300
    captured = "select count(*) from journal_entry where event = 'order.captured' and key like %s"
    payment = town.one("select id from payment where checkout_id = %s", paying.checkout_id)
    assert town.one(captured.replace("key", "idem_key"), f"%{payment}%") == 1


def test_taking_it_on_twice_makes_one_agreement(town: Town, seller: Browser, order: str) -> None:
    answers = pressed(seller, f"/pro/orders/{order}", "/accept")
    assert lead_on(answers) == {f"/pro/orders/{order}"}
    assert town.ask(EVENTS, orders.identity(town, order)) == [("accept",)]
    contract = "select count(*) from outbox_message where job = 'commerce.contract.write' and key = %s"
    assert town.one(contract, f"contract:{orders.identity(town, order)}") == 1


def test_declining_twice_gives_the_money_back_once(town: Town, seller: Browser, order: str) -> None:
    answers = pressed(seller, f"/pro/orders/{order}", "/decline", code="not_available", reason="We are away.")
    assert lead_on(answers) == {f"/pro/orders/{order}"}
    refunds = "select amount_minor, state from refund where order_id = %s"
    town.until(lambda: town.ask(refunds, orders.identity(town, order)) == [(29_300, "succeeded")])


def test_accepting_and_declining_at_once_is_one_of_the_two(town: Town, seller: Browser, order: str) -> None:
    seller.go(f"/pro/orders/{order}")
    accept = seller.fill({}, action="/accept")
    decline = seller.fill({"code": "price"}, action="/decline")
    forms = [accept, decline]
    answers = seller.press_all(forms)
    assert sorted(answer.status_code for answer in answers) == [HTTPStatus.SEE_OTHER, HTTPStatus.CONFLICT]
    (refusal,) = [answer.text for answer in answers if answer.status_code == HTTPStatus.CONFLICT]
    assert "is not possible now" in refusal
    assert town.ask(EVENTS, orders.identity(town, order)) in ([("accept",)], [("decline",)])


def test_delivering_and_accepting_twice_releases_the_hold_once(
    town: Town, buyer: Browser, seller: Browser, order: str
) -> None:
    for act in ("/accept", "/start"):
        seller.go(f"/pro/orders/{order}")
        seller.send({}, action=act)
    seller.go(f"/pro/orders/{order}")
    form = seller.fill({"note": "The new board"}, action="/deliver", files={"file": PHOTO})
    lead_on(seller.press_at_once(form, CLICKS))
    number = orders.identity(town, order)
    assert town.one("select count(*) from order_evidence where order_id = %s", number) == 1
    assert lead_on(pressed(buyer, f"/orders/{order}", "/accept_delivery")) == {f"/orders/{order}"}
    assert town.ask(EVENTS, number) == [("accept",), ("start",), ("deliver",), ("accept_delivery",)]
    released = "select count(*) from journal_entry where event = 'escrow.released' and subject = %s"
    assert town.one(released, f"order:{number}") == 1
    town.until_counted(2, "select kind from order_document where order_id = %s", number)


def test_a_form_of_an_older_page_is_told_that_things_have_moved_on(town: Town, seller: Browser, order: str) -> None:
    seller.go(f"/pro/orders/{order}")
    stale = seller.fill({}, action="/accept")
    seller.go(f"/pro/orders/{order}")
    seller.send({}, action="/accept")
    answer = seller.press(stale)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "This order is accepted: accept is not possible now." in answer.text
