"""Money that must go back goes back once, at the provider and in the books."""

from __future__ import annotations

import httpx

from tests.factories import commerce
from tests.faults import orders
from tests.faults.browser import Browser, Paying
from tests.faults.town import Town

STATE = "select state from checkout where id = %s"
REFUND = """select r.id, r.amount_minor, r.state, r.provider_refund_id, r.attempts from refund r
  join payment p on p.id = r.payment_id where p.checkout_id = %s"""
POSTED = "select event from journal_entry where subject in (%s, %s) and event <> 'psp.fee' order by id"
BALANCE = "select coalesce(sum(p.amount), 0) from posting p join account a on a.id = p.account_id where a.code = %s"


def went_back_once(town: Town, checkout: str, intent: str) -> str:
    """The whole sum, in one refund, at the provider and in the books; answers the refund's number."""
    town.until(lambda: [row[2] for row in town.ask(REFUND, checkout)] == ["succeeded"])
    ((number, amount, _state, provider_id, attempts),) = town.ask(REFUND, checkout)
    refunds = town.provider("refunds", payment_intent=intent)["data"]
    assert [(one["id"], one["amount"], one["status"]) for one in refunds] == [(provider_id, 29_300, "succeeded")]
    assert (amount, attempts) == (29_300, 1)
    town.until(lambda: town.one(BALANCE, f"refund:{number}:in_transit") == 0)
    return str(number)


def intent_of(town: Town, reference: str) -> tuple[str, str]:
    """The checkout and the provider's payment of an order."""
    ((checkout, intent),) = town.ask(
        "select checkout_id, intent_id from payment join sales_order using (checkout_id) where reference = %s",
        reference,
    )
    return str(checkout), str(intent)


def late_payment(town: Town, paying: Paying) -> None:
    """Taken by the bank while the time was still running, and confirmed when it was over."""
    town.knobs(payment_delay_s=300)
    paying.pay()
    assert town.provider(f"payment_intents/{paying.intent_id}")["status"] == "processing"
    town.ask("update timer set due_at = now() where subject_id = %s and state = 'waiting'", paying.checkout_id)
    town.until(lambda: town.one(STATE, paying.checkout_id) == "expired")
    httpx.post(f"{town.provider_url}/_clock", json={"advance_s": 301}).raise_for_status()


def test_money_that_comes_after_the_end_is_sent_back_at_the_provider(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    paying = buyer.to_payment(story.listing.slug)
    late_payment(town, paying)
    went_back_once(town, paying.checkout_id, paying.intent_id)
    assert town.one(STATE, paying.checkout_id) == "refunded_late"
    assert town.ask(orders.FOUND, paying.checkout_id) == [], "it never became an order"
    buyer.go(paying.return_page)
    assert "came when the time was over. It goes back the way you paid." in buyer.at.text
    payment = town.one("select id from payment where checkout_id = %s", paying.checkout_id)
    posted = [event for (event,) in town.ask(POSTED, f"payment:{payment}", "")]
    assert posted == ["order.captured_late", "refund.succeeded"]


def test_a_refund_is_applied_once_however_often_its_message_comes(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    checkout, intent = intent_of(town, reference)
    town.knobs(hook_copies=8, refund_pending=1, refund_settle_s=1)
    seller.go(f"/pro/orders/{reference}")
    seller.send({"code": "not_available", "reason": "The van is broken."}, action="/decline")
    assert "You declined" in seller.at.text
    number = went_back_once(town, checkout, intent)
    told = "select count(*) from webhook_inbox where event_type = 'refund.updated' and object_id = %s"
    provider_id = town.one("select provider_refund_id from refund where id = %s", number)
    town.until(lambda: town.one(told, provider_id) >= 8)
    order = orders.identity(town, reference)
    posted = [event for (event,) in town.ask(POSTED, f"order:{order}", "")]
    assert posted == ["order.captured", "refund.requested", "refund.succeeded"]
    assert town.one(BALANCE, f"escrow:{order}") == 0
    buyer.go(f"/orders/{reference}")
    assert "reached the bank" in buyer.at.text
    assert "The van is broken." in buyer.at.text


def test_a_refund_whose_answer_was_lost_is_not_made_a_second_time(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    checkout, intent = intent_of(town, reference)
    town.knobs(error_after=1, hook_lost=1)
    seller.go(f"/pro/orders/{reference}")
    seller.send({"code": "price"}, action="/decline")
    # no message comes either: the job that got no answer looks whether it was done
    went_back_once(town, checkout, intent)


def test_an_order_nobody_answers_gives_everything_back_by_itself(
    town: Town, buyer: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    order = orders.identity(town, reference)
    town.ask("update timer set due_at = now() where subject_id = %s and event = 'lapse' and state = 'waiting'", order)
    went_back_once(town, *intent_of(town, reference))
    assert town.one("select state from sales_order where id = %s", order) == "expired"
    assert town.one(BALANCE, f"escrow:{order}") == 0
