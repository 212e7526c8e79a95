"""The bank asks money back: how disputes begin, move money, are answered, end, and are told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from app.clients.payments import Dispute, SignatureRefused, read_event, verify
from tests.processes import wait_for
from tests.simulators.provider import KEY, Provider, Receiver

WEEK = 7 * 86_400
LETTER = {"evidence[uncategorized_text]": "The boiler was repaired and the customer signed for it."}


def wishing(what: str) -> dict[str, Any]:
    return {"metadata[simulate]": what}


def the_dispute(provider: Provider, intent: str) -> dict[str, Any]:
    """The only dispute of a payment, once it is there."""
    (found,) = wait_for(lambda: provider.document("disputes", payment_intent=intent)["data"])
    return dict(found)


def now(provider: Provider, dispute: str) -> dict[str, Any]:
    return dict(provider.document(f"disputes/{dispute}"))


def net_minor(provider: Provider, source: str) -> int:
    return sum(one["net"] for one in provider.document("balance_transactions", source=source)["data"])


def kinds(shop: Receiver, dispute: str) -> list[str]:
    told = [one for one in shop.events if one["data"]["object"]["id"] == dispute]
    return [one["type"].removeprefix("charge.dispute.") for one in told]


# How they begin


@pytest.mark.parametrize(
    ("token", "reason", "status"),
    [
        ("pm_card_createDispute", "fraudulent", "needs_response"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "needs_response"),
        ("pm_card_createDisputeInquiry", "fraudulent", "warning_needs_response"),
    ],
)
def test_a_test_card_pays_and_is_disputed_afterwards(provider: Provider, token: str, reason: str, status: str) -> None:
    intent = provider.paid(token=token)
    found = the_dispute(provider, intent)
    assert (found["reason"], found["status"], found["amount"]) == (reason, status, 29_300)
    assert provider.document(f"charges/{found['charge']}")["disputed"] is True


def test_a_payment_may_ask_in_its_metadata_to_be_disputed_later(provider: Provider) -> None:
    intent = provider.paid(**wishing("dispute, dispute_delay_s=3600"))
    provider.advance(3_599)
    assert provider.document("disputes", payment_intent=intent)["data"] == []
    provider.advance(2)
    assert the_dispute(provider, intent)["status"] == "needs_response"


def test_the_bank_disputes_part_of_a_payment_when_told_to(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid(), amount=7_200, reason="product_unacceptable")
    found = now(provider, dispute)
    assert (found["amount"], found["reason"], found["is_charge_refundable"]) == (7_200, "product_unacceptable", False)


def test_no_more_is_disputed_than_was_taken_and_nothing_twice_at_once(provider: Provider) -> None:
    intent = provider.paid(1_000)
    address = f"{provider.url}/_disputes"
    assert httpx.post(address, json={"payment_intent": intent, "amount": 1_001}).status_code == 400
    assert httpx.post(address, json={"payment_intent": provider.opened()}).status_code == 400
    provider.disputed(intent)
    assert httpx.post(address, json={"payment_intent": intent}).status_code == 400
    assert len(provider.document("disputes")["data"]) == 1


# Money


def test_a_dispute_takes_the_money_and_a_fee_at_once(provider: Provider, shop: Receiver) -> None:
    dispute = provider.disputed(provider.paid())
    (moved,) = now(provider, dispute)["balance_transactions"]
    assert (moved["type"], moved["amount"], moved["fee"], moved["net"]) == ("adjustment", -29_300, 2_000, -31_300)
    assert wait_for(lambda: len(kinds(shop, dispute)) == 2)
    assert kinds(shop, dispute) == ["created", "funds_withdrawn"]


def test_who_wins_gets_the_money_back_and_not_the_fee(provider: Provider, shop: Receiver) -> None:
    dispute = provider.disputed(provider.paid())
    provider.call(f"disputes/{dispute}", **LETTER)
    assert provider.decide(dispute, "won")["status"] == "won"
    assert net_minor(provider, dispute) == -2_000
    wait_for(lambda: len(kinds(shop, dispute)) == 5)
    assert kinds(shop, dispute) == ["created", "funds_withdrawn", "updated", "closed", "funds_reinstated"]


def test_a_knob_gives_the_fee_back_too(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid(**wishing("dispute_fee_back")))
    provider.decide(dispute, "won")
    assert net_minor(provider, dispute) == 0


def test_who_loses_gets_nothing_back(provider: Provider, shop: Receiver) -> None:
    dispute = provider.disputed(provider.paid())
    provider.decide(dispute, "lost")
    assert net_minor(provider, dispute) == -31_300
    wait_for(lambda: len(kinds(shop, dispute)) == 3)
    assert kinds(shop, dispute)[-1] == "closed"


def test_what_the_bank_decided_stays_decided(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid())
    provider.decide(dispute, "lost")
    again = httpx.post(f"{provider.url}/_disputes/{dispute}", json={"outcome": "won"})
    assert again.status_code == 400
    assert net_minor(provider, dispute) == -31_300


def test_nothing_is_refunded_while_the_bank_has_the_money_nor_after_it_kept_it(provider: Provider) -> None:
    intent = provider.paid(10_000)
    dispute = provider.disputed(intent, amount=7_000)
    refused = provider.call("refunds", payment_intent=intent, amount="100")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "charge_disputed")
    provider.decide(dispute, "lost")
    assert provider.call("refunds", payment_intent=intent, amount="3001").status_code == 400
    assert provider.call("refunds", payment_intent=intent, amount="3000").status_code == 200
    assert provider.call("refunds", payment_intent=intent, amount="1").json()["error"]["code"] == "charge_disputed"


def test_a_won_dispute_frees_the_payment_for_refunds(provider: Provider) -> None:
    intent = provider.paid()
    provider.decide(provider.disputed(intent), "won")
    assert provider.call("refunds", payment_intent=intent).json()["amount"] == 29_300


# Inquiries


def test_an_inquiry_takes_no_money_and_ends_when_everything_is_refunded(provider: Provider, shop: Receiver) -> None:
    intent = provider.paid()
    dispute = provider.disputed(intent, inquiry=True)
    assert now(provider, dispute)["balance_transactions"] == []
    provider.call("refunds", payment_intent=intent, amount="100")
    assert now(provider, dispute)["status"] == "warning_needs_response"
    provider.call("refunds", payment_intent=intent)
    assert now(provider, dispute)["status"] == "warning_closed"
    assert wait_for(lambda: "closed" in kinds(shop, dispute))


def test_an_inquiry_that_escalates_takes_the_money_then(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid(), inquiry=True)
    provider.call(f"disputes/{dispute}", **LETTER)
    assert now(provider, dispute)["status"] == "warning_under_review"
    assert now(provider, dispute)["is_charge_refundable"] is True
    after = provider.decide(dispute, "escalated")
    assert (after["status"], after["is_charge_refundable"]) == ("needs_response", False)
    assert net_minor(provider, dispute) == -31_300


# Answers


def test_evidence_is_kept_first_and_handed_over_once(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid())
    kept = provider.call(f"disputes/{dispute}", submit="false", **LETTER).json()
    assert (kept["status"], kept["evidence_details"]["has_evidence"]) == ("needs_response", True)
    assert kept["evidence_details"]["submission_count"] == 0
    sent = provider.call(f"disputes/{dispute}", submit="true").json()
    assert (sent["status"], sent["evidence_details"]["submission_count"]) == ("under_review", 1)
    assert provider.call(f"disputes/{dispute}", **LETTER).status_code == 400


def test_the_word_of_the_test_mode_wins_by_itself(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid())
    provider.call(f"disputes/{dispute}", **{"evidence[uncategorized_text]": "winning_evidence"})
    provider.advance(6)
    assert wait_for(lambda: now(provider, dispute)["status"] == "won")


def test_a_knob_lets_the_bank_decide_by_the_clock(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid(**wishing("dispute_outcome=2, dispute_decide_s=600")))
    provider.call(f"disputes/{dispute}", **LETTER)
    provider.advance(601)
    assert wait_for(lambda: now(provider, dispute)["status"] == "lost")


def test_silence_until_the_day_named_loses(provider: Provider, shop: Receiver) -> None:
    silent, answered = provider.disputed(provider.paid()), provider.disputed(provider.paid())
    provider.call(f"disputes/{answered}", **LETTER)
    provider.advance(WEEK - 60)
    assert now(provider, silent)["status"] == "needs_response"
    provider.advance(61)
    assert wait_for(lambda: now(provider, silent)["status"] == "lost")
    assert now(provider, answered)["status"] == "under_review"
    assert wait_for(lambda: "closed" in kinds(shop, silent))


def test_giving_in_loses_at_once_and_only_once(provider: Provider) -> None:
    dispute = provider.disputed(provider.paid())
    assert provider.call(f"disputes/{dispute}/close").json()["status"] == "lost"
    assert provider.call(f"disputes/{dispute}/close").status_code == 400


def test_a_file_is_kept_byte_for_byte_and_must_be_one_that_a_bank_reads(provider: Provider) -> None:
    address, who = f"{provider.url}/v1/files", {"Authorization": f"Bearer {KEY}"}
    page = b"%PDF-1.7\r\n" + bytes(range(256)) * 1_000
    made = httpx.post(address, data={"purpose": "dispute_evidence"}, files={"file": ("visit.pdf", page)}, headers=who)
    file = made.raise_for_status().json()
    assert (file["type"], file["size"], file["filename"]) == ("pdf", len(page), "visit.pdf")
    assert httpx.get(f"{address}/{file['id']}/contents", headers=who).content == page
    dispute = provider.disputed(provider.paid())
    provider.call(f"disputes/{dispute}", **{"evidence[receipt]": file["id"]})
    assert now(provider, dispute)["evidence"]["receipt"] == file["id"]
    assert hashlib.sha256(page).hexdigest() in httpx.get(provider.url).text
    other = {"file": ("visit.pdf", b"MZ not a PDF")}
    assert httpx.post(address, data={"purpose": "dispute_evidence"}, files=other, headers=who).status_code == 400
    large = {"file": ("visit.pdf", b"%PDF-" + b"0" * 7_000_000)}
    assert httpx.post(address, data={"purpose": "dispute_evidence"}, files=large, headers=who).status_code == 413
    assert provider.call(f"disputes/{dispute}", **{"evidence[receipt]": "file_nobody"}).status_code in {400, 404}


# Deliveries


@pytest.fixture
def in_rotation(tmp_path: Path, shop: Receiver) -> Iterator[Provider]:
    """A provider that signs with the old secret and with the next one."""
    provider = Provider(tmp_path, shop.url, secrets="whsec_old,whsec_next")
    shop.clear()
    provider.start()
    yield provider
    provider.end()


def test_a_dispute_is_told_under_both_secrets_while_one_replaces_the_other(
    in_rotation: Provider, shop: Receiver
) -> None:
    dispute = in_rotation.disputed(in_rotation.paid())
    wait_for(lambda: "funds_withdrawn" in kinds(shop, dispute))
    for payload, header in shop.got:
        for secret in ("whsec_old", "whsec_next"):
            verify(payload, header, [secret], datetime.now(UTC))
            stripe.Webhook.construct_event(payload, header, secret)
        with pytest.raises(SignatureRefused):
            verify(payload, header, ["whsec_retired"], datetime.now(UTC))
        with pytest.raises(SignatureRefused):
            verify(payload.replace(b"evt_", b"evt-", 1), header, ["whsec_old", "whsec_next"], datetime.now(UTC))


def test_every_event_of_a_dispute_may_arrive_several_times(provider: Provider, shop: Receiver) -> None:
    dispute = provider.disputed(provider.paid(**wishing("hook_copies=3")))
    wait_for(lambda: len(kinds(shop, dispute)) == 6)
    told = [one for one in shop.events if one["data"]["object"]["id"] == dispute]
    assert len({one["id"] for one in told}) == 2


def test_the_events_of_a_dispute_may_arrive_newest_first(provider: Provider, shop: Receiver) -> None:
    intent = provider.paid(**wishing("hook_shuffle"))
    dispute = provider.disputed(intent)
    provider.decide(dispute, "won")
    wait_for(lambda: len(kinds(shop, dispute)) == 4)
    assert kinds(shop, dispute) == ["funds_reinstated", "closed", "funds_withdrawn", "created"]
    things = [event.thing for event in (read_event(payload) for payload, _ in shop.got)]
    told = [(one.status, one.withdrawn) for one in things if isinstance(one, Dispute)]
    assert told == [("won", False), ("won", True), ("needs_response", True), ("needs_response", False)]


def test_a_dispute_that_no_event_told_is_still_listed(provider: Provider, shop: Receiver) -> None:
    dispute = provider.disputed(provider.paid(**wishing("hook_lost")))
    assert [one["id"] for one in provider.document("disputes", **{"created[gte]": "0"})["data"]] == [dispute]
    assert kinds(shop, dispute) == []
