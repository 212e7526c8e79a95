"""Money that is reserved first: what the contract does not reach, because it needs our clock or our pages."""

from __future__ import annotations

import httpx

from tests.processes import wait_for
from tests.simulators.provider import Provider, Receiver

WEEK = 7 * 86_400


def reserved(provider: Provider) -> str:
    return provider.paid(12_000, capture_method="manual")


def test_a_reservation_moves_no_money_and_says_how_much_can_be_taken(provider: Provider, shop: Receiver) -> None:
    intent = provider.document(f"payment_intents/{reserved(provider)}")
    assert (intent["status"], intent["amount_capturable"], intent["amount_received"]) == ("requires_capture", 12_000, 0)
    assert provider.document("balance_transactions")["data"] == []
    assert wait_for(lambda: shop.of("payment_intent.amount_capturable_updated"))
    assert provider.call("refunds", payment_intent=intent["id"]).status_code == 400


def test_the_fee_is_of_what_was_captured_and_no_more_than_that_is_refunded(provider: Provider, shop: Receiver) -> None:
    intent = reserved(provider)
    assert provider.call(f"payment_intents/{intent}/capture", amount_to_capture="10000").status_code == 200
    (moved,) = provider.document("balance_transactions")["data"]
    assert (moved["amount"], moved["fee"]) == (10_000, 170)
    assert wait_for(lambda: shop.of("charge.captured"))
    assert provider.call("refunds", payment_intent=intent, amount="10001").status_code == 400
    assert provider.call("refunds", payment_intent=intent).json()["amount"] == 10_000


def test_nobody_captured_in_seven_days_so_the_money_is_let_go(provider: Provider, shop: Receiver) -> None:
    intent = reserved(provider)
    provider.advance(WEEK - 60)
    assert provider.document(f"payment_intents/{intent}")["status"] == "requires_capture"
    provider.advance(61)
    wait_for(lambda: shop.of("payment_intent.canceled"))
    found = provider.document(f"payment_intents/{intent}")
    assert (found["status"], found["cancellation_reason"], found["amount_capturable"]) == ("canceled", "automatic", 0)
    late = provider.call(f"payment_intents/{intent}/capture")
    assert (late.status_code, late.json()["error"]["code"]) == (400, "payment_intent_unexpected_state")


def test_the_customer_is_told_that_the_money_is_only_reserved(provider: Provider) -> None:
    intent = provider.opened(capture_method="manual", back=f"{provider.url}/healthz")
    paid = httpx.post(f"{provider.url}/pay/{intent}", data={"do": "pay", "card": "4242 4242 4242 4242"})
    assert paid.headers["Location"].endswith("redirect_status=succeeded")
    assert "The amount is reserved on the card" in httpx.get(f"{provider.url}/pay/{intent}").text
