"""The simulator is judged as a real process over HTTP, the way the shop meets it."""

from __future__ import annotations

import hashlib
import hmac
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import stripe

from tests.processes import wait_for
from tests.simulators.provider import KEY, SECRET, Provider, Receiver

PAY = {"do": "pay", "card": "4242 4242 4242 4242"}


def wishing(what: str) -> dict[str, Any]:
    """Metadata that asks for trouble."""
    return {"metadata[simulate]": what}


def pay(provider: Provider, identity: str, **form: str) -> httpx.Response:
    return httpx.post(f"{provider.url}/pay/{identity}", data=form or PAY)


def test_a_card_payment_ends_at_the_shop_and_is_told_to_it_under_a_signature(
    provider: Provider, shop: Receiver
) -> None:
    identity = provider.opened(description="Order FX-1")
    page = httpx.get(f"{provider.url}/pay/{identity}")
    assert page.status_code == 200
    assert "Pay £293.00" in page.text
    assert "No money moves" in page.text

    answer = pay(provider, identity)

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://shop.test/back?payment_intent={identity}&redirect_status=succeeded"
    (event,) = wait_for(lambda: shop.of("payment_intent.succeeded"))
    assert event["data"]["object"]["amount_received"] == 29_300
    payload, header = shop.got[-1]
    assert stripe.Webhook.construct_event(payload, header, SECRET)["type"] == "payment_intent.succeeded"


def test_the_provider_keeps_its_fee_of_one_and_a_half_percent_and_twenty_pence(provider: Provider) -> None:
    identity = provider.paid(29_300)
    intent = provider.document(f"payment_intents/{identity}", **{"expand[0]": "latest_charge.balance_transaction"})
    movement = intent["latest_charge"]["balance_transaction"]
    assert (movement["amount"], movement["fee"], movement["net"]) == (29_300, 460, 28_840)


def test_a_declined_card_leaves_the_payment_open_for_another(provider: Provider, shop: Receiver) -> None:
    identity = provider.opened()
    answer = pay(provider, identity, do="pay", card="4000 0000 0000 0002")
    assert answer.status_code == 422
    assert "Your card was declined." in answer.text
    assert wait_for(lambda: shop.of("payment_intent.payment_failed"))
    assert pay(provider, identity).status_code == 303
    assert provider.document(f"payment_intents/{identity}")["status"] == "succeeded"


def test_a_declined_confirmation_over_the_api_is_a_card_error(provider: Provider) -> None:
    path = f"payment_intents/{provider.opened()}/confirm"
    answer = provider.call(path, payment_method="pm_card_visa_chargeDeclinedInsufficientFunds")
    assert answer.status_code == 402
    assert answer.json()["error"]["decline_code"] == "insufficient_funds"


def test_the_bank_may_be_asked_and_may_refuse(provider: Provider) -> None:
    identity = provider.opened()
    bank = f"{provider.url}/pay/{identity}/bank"
    asked = pay(provider, identity, do="pay", card="4000 0025 0000 3155")
    assert asked.headers["Location"] == f"/pay/{identity}/bank"
    assert provider.document(f"payment_intents/{identity}")["next_action"]["redirect_to_url"]["url"] == bank
    assert "Confirm £293.00" in httpx.get(bank).text

    assert httpx.post(bank, data={"do": "refuse"}).status_code == 422
    pay(provider, identity, do="pay", card="4000 0025 0000 3155")
    agreed = httpx.post(bank, data={"do": "confirm"})

    assert agreed.status_code == 303
    assert provider.document(f"payment_intents/{identity}")["status"] == "succeeded"


def test_eight_clicks_at_once_take_the_money_once(provider: Provider, shop: Receiver) -> None:
    identity = provider.opened()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: pay(provider, identity), range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert len(provider.document("balance_transactions")["data"]) == 1
    wait_for(lambda: shop.of("payment_intent.succeeded"))
    assert len(provider.document("events", type="payment_intent.succeeded")["data"]) == 1


def test_a_cancelled_payment_can_no_longer_be_made(provider: Provider, shop: Receiver) -> None:
    identity = provider.opened()
    answer = pay(provider, identity, do="cancel")
    assert answer.headers["Location"].endswith("redirect_status=canceled")
    assert wait_for(lambda: shop.of("payment_intent.canceled"))
    pay(provider, identity)
    assert provider.document(f"payment_intents/{identity}")["status"] == "canceled"
    assert "Cancelled" in httpx.get(f"{provider.url}/pay/{identity}").text


def test_a_real_card_number_is_neither_taken_nor_shown_again(provider: Provider) -> None:
    answer = pay(provider, provider.opened(), do="pay", card="5555 5555 5555 4444")
    assert answer.status_code == 422
    assert "5555 5555" not in answer.text
    assert b"5555555555554444" not in (provider.folder / "provider.sqlite").read_bytes()


def test_pages_run_no_script_and_take_no_orders_from_other_sites(provider: Provider) -> None:
    identity = provider.opened()
    policy = httpx.get(f"{provider.url}/pay/{identity}").headers["Content-Security-Policy"]
    assert "default-src 'none'; style-src 'self'" in policy
    assert "form-action 'self' http://shop.test" in policy
    hostile = {"Sec-Fetch-Site": "cross-site"}
    assert httpx.post(f"{provider.url}/pay/{identity}", data=PAY, headers=hostile).status_code == 403


def test_an_unknown_payment_is_a_page_that_says_so(provider: Provider) -> None:
    answer = httpx.get(f"{provider.url}/pay/pi_nothing")
    assert answer.status_code == 404
    assert "Payment not found" in answer.text


def test_the_same_key_gets_the_same_answer_and_another_question_an_error(provider: Provider) -> None:
    ask = {"amount": "500", "currency": "gbp"}
    first = provider.call("payment_intents", key="k1", **ask)
    again = provider.call("payment_intents", key="k1", **ask)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = provider.call("payment_intents", key="k1", amount="501", currency="gbp")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


def test_a_key_in_flight_is_answered_409(provider: Provider) -> None:
    provider.knobs(answer_delay_ms=800)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(provider.call, "payment_intents", "k2", amount="500", currency="gbp")
        time.sleep(0.3)
        second = provider.call("payment_intents", key="k2", amount="500", currency="gbp")
        assert slow.result().status_code == 200
    assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")


def test_a_refused_request_leaves_its_key_free(provider: Provider) -> None:
    assert provider.call("payment_intents", key="k3", amount="1", currency="gbp").status_code == 400
    assert provider.call("payment_intents", key="k3", amount="500", currency="gbp").status_code == 200


def test_unknown_parameters_and_wrong_keys_are_refused(provider: Provider) -> None:
    answer = provider.call("payment_intents", amount="500", currency="gbp", colour="red")
    assert answer.json()["error"]["code"] == "parameter_unknown"
    stranger = httpx.get(f"{provider.url}/v1/payment_intents", headers={"Authorization": "Bearer sk_other"})
    assert stranger.status_code == 401


def test_no_more_is_refunded_than_was_taken(provider: Provider, shop: Receiver) -> None:
    identity = provider.paid(12_000)
    assert provider.call("refunds", payment_intent=identity, amount="7000").status_code == 200
    assert provider.call("refunds", payment_intent=identity, amount="5001").status_code == 400
    assert provider.call("refunds", payment_intent=identity).json()["amount"] == 5_000
    assert provider.call("refunds", payment_intent=identity).json()["error"]["code"] == "charge_already_refunded"
    wait_for(lambda: len(shop.of("charge.refunded")) == 2 and len(shop.of("refund.updated")) == 2)
    assert shop.of("charge.refunded")[-1]["data"]["object"]["refunded"] is True


def test_twenty_refunds_at_once_never_exceed_the_payment(provider: Provider) -> None:
    identity = provider.paid(1_000)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: provider.call("refunds", payment_intent=identity, amount="100"), range(20)))
    assert [answer.status_code for answer in answers].count(200) == 10


def test_a_refund_may_fail_after_it_had_succeeded(provider: Provider, shop: Receiver) -> None:
    identity = provider.paid(token="pm_card_refundFail")
    refund = provider.call("refunds", payment_intent=identity, amount="7200").json()
    assert refund["status"] == "succeeded"
    provider.advance(3600)
    (event,) = wait_for(lambda: shop.of("refund.failed"))
    assert event["data"]["object"]["id"] == refund["id"]
    charge = provider.document(f"charges/{refund['charge']}")
    assert charge["amount_refunded"] == 0
    movements = provider.document("balance_transactions", source=refund["id"])["data"]
    assert sum(movement["net"] for movement in movements) == 0


def test_a_pending_refund_settles_by_the_clock(provider: Provider, shop: Receiver) -> None:
    identity = provider.paid()
    wish = {"metadata[simulate]": "refund_pending, refund_settle_s=60"}
    refund = provider.call("refunds", payment_intent=identity, amount="100", **wish).json()
    assert refund["status"] == "pending"
    assert not shop.of("refund.updated")
    provider.advance(61)
    assert wait_for(lambda: shop.of("refund.updated"))[0]["data"]["object"]["status"] == "succeeded"


def test_a_slow_payment_stays_in_processing(provider: Provider, shop: Receiver) -> None:
    identity = provider.paid(**wishing("payment_delay_s=60"))
    assert provider.document(f"payment_intents/{identity}")["status"] == "processing"
    provider.advance(61)
    assert wait_for(lambda: shop.of("payment_intent.succeeded"))


def test_an_undelivered_event_is_tried_again_until_it_is_taken(provider: Provider, shop: Receiver) -> None:
    shop.statuses = [500, 500]
    provider.knobs()
    pay(provider, provider.opened())
    wait_for(lambda: len(shop.got) >= 4)
    kinds = [event["type"] for event in shop.events]
    assert kinds.count("charge.succeeded") == 2
    assert kinds.count("payment_intent.succeeded") == 2


def test_events_and_payments_outlive_a_kill(provider: Provider, shop: Receiver) -> None:
    provider.knobs(hook_delay_s=2)
    identity = provider.paid()
    provider.kill()
    assert shop.got == []
    provider.start()
    assert wait_for(lambda: shop.of("payment_intent.succeeded"))[0]["data"]["object"]["id"] == identity
    assert provider.document(f"payment_intents/{identity}")["status"] == "succeeded"


def test_one_event_may_arrive_eight_times_at_once(provider: Provider, shop: Receiver) -> None:
    pay(provider, provider.opened(**wishing("hook_copies=8")))
    wait_for(lambda: len(shop.of("payment_intent.succeeded")) == 8)
    assert len({event["id"] for event in shop.of("payment_intent.succeeded")}) == 1


def test_events_may_arrive_newest_first_or_never(provider: Provider, shop: Receiver) -> None:
    provider.knobs(hook_reorder=2)
    provider.paid()
    wait_for(lambda: len(shop.got) == 2)
    assert [event["type"] for event in shop.events] == ["payment_intent.succeeded", "charge.succeeded"]
    provider.reset()
    provider.knobs(hook_drop=2)
    provider.paid()
    provider.paid()
    wait_for(lambda: len(shop.got) == 4)
    assert len(provider.document("events", type="payment_intent.succeeded")["data"]) == 3


def test_an_answer_may_be_an_error_although_the_work_was_done(provider: Provider) -> None:
    provider.knobs(error_after=1)
    ask = {"amount": "500", "currency": "gbp", "metadata[reference]": "O-9"}
    assert provider.call("payment_intents", key="k4", **ask).status_code == 500
    assert provider.call("payment_intents", key="k4", **ask).status_code == 500  # kept, as the real one keeps it
    found = provider.document("payment_intents/search", query='metadata["reference"]:"O-9"')
    assert len(found["data"]) == 1


def test_an_error_before_the_work_leaves_nothing_behind(provider: Provider) -> None:
    provider.knobs(error_before=1, rate_limit=0)
    ask = {"amount": "500", "currency": "gbp"}
    assert provider.call("payment_intents", key="k5", **ask).status_code == 500
    assert provider.call("payment_intents", key="k5", **ask).status_code == 200
    assert len(provider.document("payment_intents")["data"]) == 1
    provider.knobs(rate_limit=1)
    assert provider.call("payment_intents", **ask).status_code == 429


def test_listings_have_pages(provider: Provider) -> None:
    made = [provider.opened() for _ in range(3)]
    first = provider.document("payment_intents", limit="2")
    assert (first["has_more"], [one["id"] for one in first["data"]]) == (True, made[:0:-1])
    rest = provider.document("payment_intents", limit="2", starting_after=made[1])
    assert (rest["has_more"], [one["id"] for one in rest["data"]]) == (False, made[:1])


def test_the_state_page_shows_everything_and_no_secret(provider: Provider, shop: Receiver) -> None:
    identity = provider.paid(description="Order FX-7")
    provider.call("refunds", payment_intent=identity, amount="7200")
    wait_for(lambda: shop.of("refund.updated"))
    page = httpx.get(provider.url).text
    for said in (identity, "Order FX-7", "£293.00", "\N{MINUS SIGN}£72.00", "refund.updated", "hook_copies"):
        assert said in page
    assert KEY not in page
    assert SECRET not in page


def test_a_delivery_can_be_sent_again_by_hand(provider: Provider, shop: Receiver) -> None:
    provider.knobs(hook_drop=2)
    provider.paid()
    numbers = re.findall(r"/_deliveries/(\d+)", httpx.get(provider.url).text)
    assert httpx.post(f"{provider.url}/_deliveries/{numbers[0]}").status_code == 303
    assert wait_for(lambda: shop.events)


def test_unknown_knobs_are_refused_whole(provider: Provider) -> None:
    answer = httpx.post(f"{provider.url}/_knobs", json={"decline": 1, "colour": 1})
    assert answer.status_code == 400
    assert httpx.get(f"{provider.url}/_knobs").json()["knobs"]["decline"] == 0


def test_a_taken_port_is_one_clear_sentence(provider: Provider) -> None:
    second = Provider(provider.folder, "", port=provider.port)
    argv = [sys.executable, "-m", "app.simulators.payments", "--port", str(second.port), "--key", "k"]
    ended = subprocess.run([*argv, "--webhook-secret", "s"], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == f"The payment simulator cannot use port {second.port}: Address already in use.\n"


def test_it_ends_when_asked(provider: Provider) -> None:
    assert provider.stop() == 0


def test_a_signature_covers_time_and_body(provider: Provider, shop: Receiver) -> None:
    provider.paid()
    wait_for(lambda: shop.got)
    payload, header = shop.got[0]
    at = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", header)
    assert at
    assert at[2] == hmac.new(SECRET.encode(), f"{at[1]}.".encode() + payload, hashlib.sha256).hexdigest()
