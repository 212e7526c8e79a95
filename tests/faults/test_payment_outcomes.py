"""Whatever happens on the provider's page, the buyer reads a sentence and has a way on."""

from __future__ import annotations

import httpx

from tests.factories import commerce
from tests.faults.browser import BANK_CARD, CARD, DECLINED_CARD, Browser, Paying
from tests.faults.town import Town

STATE = "select state from checkout where id = %s"
DECLINES = "select attempts from checkout where id = %s"


def heading(browser: Browser, page: str) -> str:
    return str(browser.go(page).findtext(".//h1"))


def ends_as(town: Town, paying: Paying, state: str) -> None:
    town.until(lambda: town.one(STATE, paying.checkout_id) == state)


def test_after_a_declined_card_another_one_pays_the_same_order(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    paying = buyer.to_payment(story.listing.slug)
    answer = paying.pay(DECLINED_CARD)
    assert "Your card was declined." in answer.text
    assert "/pay/" in answer.text or "card" in answer.text, "the page asks for another card"
    town.until(lambda: town.one(DECLINES, paying.checkout_id) == 1)
    assert heading(buyer, paying.return_page) == "Your bank said no"
    assert "Pay another way" in buyer.at.text
    buyer.send({}, action="/pay")
    assert str(buyer.at.url) == paying.pay_page
    buyer.send({"card": CARD}, button="do=pay")
    assert "said no" not in buyer.at.text, "the last word counts, not the first card's"
    ends_as(town, paying, "paid")


def test_a_bank_that_asks_first_is_answered_and_the_order_stands(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    paying = buyer.to_payment(story.listing.slug)
    buyer.go(paying.pay_page)
    buyer.send({"card": BANK_CARD}, button="do=pay")
    assert buyer.at.url.path == f"/pay/{paying.intent_id}/bank"
    buyer.send({}, button="do=confirm")
    ends_as(town, paying, "paid")
    buyer.go(paying.return_page)
    assert buyer.at.url.path.startswith("/orders/FX-")


def test_a_bank_that_was_told_no_leaves_the_order_payable(town: Town, buyer: Browser, story: commerce.Story) -> None:
    paying = buyer.to_payment(story.listing.slug)
    paying.pay(BANK_CARD)
    refused = httpx.post(f"{paying.pay_page}/bank", data={"do": "refuse"})
    assert "Your bank did not confirm the payment." in refused.text
    town.until(lambda: town.one(DECLINES, paying.checkout_id) == 1)
    assert heading(buyer, paying.return_page) == "Your bank said no"
    paying.pay()
    ends_as(town, paying, "paid")


def test_who_cancels_on_the_payment_page_can_begin_anew_at_once(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    paying = buyer.to_payment(story.listing.slug)
    back = paying.cancel().headers["Location"]
    assert heading(buyer, back) in {"Your payment is being closed", "This order was not placed"}
    ends_as(town, paying, "abandoned")
    assert heading(buyer, back) == "This order was not placed"
    assert "data-poll" not in buyer.at.text
    buyer.go(buyer.go(back).xpath("//a[text()='Order again']/@href")[0])
    assert buyer.at.url.path == f"/l/{story.listing.slug}"
    second = buyer.to_payment(story.listing.slug)
    second.pay()
    ends_as(town, second, "paid")


def test_who_cancels_and_whose_message_is_lost_is_free_after_the_sweep(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    town.knobs(hook_lost=1)
    paying = buyer.to_payment(story.listing.slug)
    paying.cancel()
    town.ask("update payment set created_at = created_at - interval '61 s' where checkout_id = %s", paying.checkout_id)
    town.sweep()
    ends_as(town, paying, "abandoned")


def test_who_turns_back_in_the_shop_can_no_longer_pay(town: Town, buyer: Browser, story: commerce.Story) -> None:
    paying = buyer.to_payment(story.listing.slug)
    buyer.go(paying.return_page)
    buyer.send({}, action="/cancel")
    assert buyer.at.url.path == paying.return_page
    assert "Order again" in buyer.at.text
    voided = "select 1 from payment where checkout_id = %s and voided_at is not null"
    town.until_counted(1, voided, paying.checkout_id)
    assert town.provider(f"payment_intents/{paying.intent_id}")["status"] == "canceled"
    assert "Cancelled" in httpx.get(paying.pay_page).text


def test_five_declined_cards_end_it_with_a_way_to_begin_anew(town: Town, buyer: Browser, story: commerce.Story) -> None:
    paying = buyer.to_payment(story.listing.slug)
    for attempt in range(1, 6):
        paying.pay(DECLINED_CARD)
        town.until_counted(1, f"{DECLINES} and attempts = {attempt}", paying.checkout_id)
    ends_as(town, paying, "abandoned")
    assert heading(buyer, paying.return_page) == "This order was not placed"
    assert "Order again" in buyer.at.text


def test_a_provider_that_does_not_answer_is_a_sentence_and_another_try(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    town.knobs(error_before=20)
    buyer.to_checkout(story.listing.slug)
    checkout = buyer.checkout_id
    answer = buyer.press(buyer.checkout_form())
    assert answer.status_code == 503
    assert "The payment page does not answer" in answer.text
    town.knobs(error_before=0)
    buyer.go(f"/checkout/{checkout}/return")
    buyer.send({}, action="/pay")
    paying = Paying(checkout, str(buyer.at.url))
    paying.pay()
    ends_as(town, paying, "paid")


def test_a_draft_that_was_left_lying_ends_on_a_page_and_not_in_an_error(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    buyer.to_checkout(story.listing.slug)
    checkout = buyer.checkout_id
    town.ask("update timer set due_at = now() where subject_id = %s", checkout)
    town.until(lambda: town.one(STATE, checkout) == "abandoned")
    for address in (f"/checkout/{checkout}", f"/checkout/{checkout}/return"):
        assert heading(buyer, address) == "This order was not placed"
