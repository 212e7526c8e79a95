"""The port's own promises: signatures, and the three kinds of trouble told apart against a provider that makes them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.clients.payments import (
    Dispute,
    Intent,
    Payments,
    PaymentsRefused,
    PaymentsUnavailable,
    PaymentsUnknown,
    RefundResult,
    SignatureRefused,
    dispute_of,
    read_event,
    verify,
)
from app.clients.payments_stripe import EVIDENCE_BYTES_MAX, StripePayments
from tests.processes import free_port, wait_for
from tests.simulators.provider import KEY, SECRET, Provider, Receiver, running

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BODY = b'{"id": "evt_1", "note": "\xc2\xa3"}'


def signed(secret: str = "whsec_new", at: datetime = NOW, body: bytes = BODY) -> str:
    stamp = int(at.timestamp())
    mark = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={mark}"


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, Receiver]]:
    with running(tmp_path_factory.mktemp("provider")) as pair:
        yield pair


@pytest.fixture
def provider(ends: tuple[Provider, Receiver]) -> Provider:
    ends[0].start_over()
    ends[1].clear()
    return ends[0]


@pytest.fixture
def payments(provider: Provider) -> Payments:
    return StripePayments(provider.url, KEY, timeout_seconds=1)


def opened(payments: Payments, reference: str = "O-1", amount: int = 29_300, key: str = "") -> Intent:
    return payments.open_intent(
        amount_minor=amount,
        currency="GBP",
        reference=reference,
        description="Order FX-1",
        return_url="http://shop.test/orders/1",
        key=key or f"open:{reference}",
        metadata={"order": "FX-1"},
    )


def paid(payments: Payments, provider: Provider, reference: str = "O-1") -> Intent:
    intent = opened(payments, reference)
    provider.call(f"payment_intents/{intent.id}/confirm")
    return payments.intent(intent.id)


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_both_live_secrets_are_believed(secret: str) -> None:
    verify(BODY, signed(secret), ["whsec_new", "whsec_old"], NOW)


def test_a_provider_in_rotation_signs_twice_and_one_mark_is_enough() -> None:
    header = signed("whsec_unknown") + "," + signed("whsec_old").partition(",")[2]
    verify(BODY, header, ["whsec_old"], NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_from_now_are_still_believed(seconds: int) -> None:
    verify(BODY, signed(at=NOW + timedelta(seconds=seconds)), ["whsec_new"], NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_second_more_is_refused_before_and_after(seconds: int) -> None:
    with pytest.raises(SignatureRefused):
        verify(BODY, signed(at=NOW + timedelta(seconds=seconds)), ["whsec_new"], NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=00",
        "t=1",
        "t=,v1=00",
        "t=1795521600,v1=",
        "t=abc,v1=00",
        signed("whsec_retired"),
        signed(body=BODY + b" "),
        signed().replace("t=", "t=1"),
        signed().replace("v1=", "v0="),
        signed() + ",t=1",
        "t=١٢,v1=ü",
    ],
)
def test_any_other_signature_is_refused(header: str) -> None:
    with pytest.raises(SignatureRefused):
        verify(BODY, header, ["whsec_new"], NOW)


@pytest.mark.parametrize("secrets", [[], [""]])
def test_no_secret_believes_nothing(secrets: list[str]) -> None:
    with pytest.raises(SignatureRefused):
        verify(BODY, signed(secret=""), secrets, NOW)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"id": 1}', b"\xff", b'{"data": {"object": null}}'])
def test_what_is_no_event_is_refused(payload: bytes) -> None:
    with pytest.raises(PaymentsRefused):
        read_event(payload)


def test_a_payment_is_opened_paid_and_read_back_with_its_fee(payments: Payments, provider: Provider) -> None:
    intent = opened(payments)
    assert (intent.status, intent.amount_minor, intent.currency) == ("requires_payment_method", 29_300, "GBP")
    assert (intent.reference, intent.metadata["order"], intent.fee_minor) == ("O-1", "FX-1", None)
    assert payments.pay_url(intent.id) == f"{provider.url}/pay/{intent.id}"
    provider.call(f"payment_intents/{intent.id}/confirm")
    after = payments.intent(intent.id)
    assert (after.status, after.received_minor, after.fee_minor) == ("succeeded", 29_300, 460)


def test_a_decline_leaves_its_code(payments: Payments, provider: Provider) -> None:
    intent = opened(payments)
    provider.call(f"payment_intents/{intent.id}/confirm", payment_method="pm_card_visa_chargeDeclined")
    first = payments.intent(intent.id)
    assert (first.decline_code, first.fee_minor) == ("generic_decline", None)
    provider.call(f"payment_intents/{intent.id}/confirm", payment_method="pm_card_visa_chargeDeclined")
    assert payments.intent(intent.id).attempt not in {"", first.attempt}
    provider.call(f"payment_intents/{intent.id}/confirm")
    assert payments.intent(intent.id).attempt == ""


def test_a_refusal_at_the_bank_is_a_decline_too(payments: Payments, provider: Provider) -> None:
    intent = opened(payments)
    provider.call(f"payment_intents/{intent.id}/confirm", payment_method="pm_card_authenticationRequired")
    httpx.post(f"{provider.url}/pay/{intent.id}/bank", data={"do": "refuse"})
    after = payments.intent(intent.id)
    assert after.decline_code == "payment_intent_authentication_failure"
    assert after.attempt


def test_the_same_key_opens_one_payment(payments: Payments) -> None:
    assert opened(payments).id == opened(payments).id
    with pytest.raises(PaymentsRefused):
        opened(payments, amount=29_301)
    assert len(payments.intents_of("O-1")) == 1


def test_a_cancelled_payment_is_closed_and_a_paid_one_is_not(payments: Payments, provider: Provider) -> None:
    assert payments.cancel_intent(opened(payments, "O-2").id, key="c1").status == "canceled"
    with pytest.raises(PaymentsRefused) as refusal:
        payments.cancel_intent(paid(payments, provider).id, key="c2")
    assert refusal.value.code == "payment_intent_unexpected_state"


def test_refunds_are_made_found_and_limited(payments: Payments, provider: Provider) -> None:
    intent = paid(payments, provider)
    made = payments.refund(intent.id, amount_minor=7_200, reference="R-1", key="refund:R-1:1")
    assert made == payments.refund(intent.id, amount_minor=7_200, reference="R-1", key="refund:R-1:1")
    assert (made.status, made.intent_id, made.currency) == ("succeeded", intent.id, "GBP")
    assert payments.refund_by_id(made.id) == made
    assert payments.refunds_of(intent.id, reference="R-1") == (made,)
    assert payments.refunds_of(intent.id, reference="R-2") == ()
    with pytest.raises(PaymentsRefused):
        payments.refund(intent.id, amount_minor=29_300, reference="R-2", key="refund:R-2:1")


def test_a_lost_answer_is_unknown_and_can_be_looked_up(payments: Payments, provider: Provider) -> None:
    intent = paid(payments, provider)
    provider.knobs(timeout_after=1, timeout_s=3)
    with pytest.raises(PaymentsUnknown):
        payments.refund(intent.id, amount_minor=100, reference="R-1", key="k")
    (found,) = payments.refunds_of(intent.id, reference="R-1")
    assert payments.refund(intent.id, amount_minor=100, reference="R-1", key="k") == found


def test_an_error_after_the_work_is_unknown_and_found_by_reference(payments: Payments, provider: Provider) -> None:
    provider.knobs(error_after=1)
    with pytest.raises(PaymentsUnknown):
        opened(payments)
    assert [one.amount_minor for one in payments.intents_of("O-1")] == [29_300]


def test_a_key_in_flight_is_unknown(payments: Payments, provider: Provider) -> None:
    provider.knobs(answer_delay_ms=700)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(opened, payments)
        time.sleep(0.25)
        with pytest.raises(PaymentsUnknown) as doubt:
            opened(StripePayments(provider.url, KEY))
        assert doubt.value.code == "idempotency_key_in_use"
        assert first.result().status == "requires_payment_method"


def test_a_busy_provider_did_nothing(payments: Payments, provider: Provider) -> None:
    provider.knobs(rate_limit=1)
    with pytest.raises(PaymentsUnavailable):
        opened(payments)
    assert payments.intents_of("O-1") == ()


def test_a_provider_that_is_not_there_did_nothing() -> None:
    with pytest.raises(PaymentsUnavailable):
        opened(StripePayments(f"http://127.0.0.1:{free_port()}", KEY))


def test_a_question_that_fails_is_only_unavailable(payments: Payments, provider: Provider) -> None:
    provider.knobs(rate_limit=1)
    with pytest.raises(PaymentsUnavailable):
        payments.intent("pi_any")
    with pytest.raises(PaymentsRefused) as refusal:
        payments.intent("pi_any")
    assert refusal.value.code == "resource_missing"


def test_a_wrong_key_of_ours_says_nothing_about_a_payment(provider: Provider) -> None:
    """A refusal would end a refund; this is tried again when somebody has put the key right."""
    with pytest.raises(PaymentsUnavailable):
        opened(StripePayments(provider.url, "sk_wrong"))


def test_a_delivered_event_is_believed_and_read(
    payments: Payments, provider: Provider, ends: tuple[Provider, Receiver]
) -> None:
    shop = ends[1]
    intent = paid(payments, provider)
    refund = payments.refund(intent.id, amount_minor=100, reference="R-1", key="k")
    wait_for(lambda: shop.of("refund.updated"))
    for payload, header in shop.got:
        verify(payload, header, [SECRET], datetime.now(UTC))
    events = {event.type: event for event in (read_event(payload) for payload, _ in shop.got)}
    succeeded = events["payment_intent.succeeded"]
    assert isinstance(succeeded.thing, Intent)
    assert (succeeded.intent_id, succeeded.reference, succeeded.thing.received_minor) == (intent.id, "O-1", 29_300)
    updated = events["refund.updated"]
    assert isinstance(updated.thing, RefundResult)
    assert (updated.object_id, updated.intent_id, updated.reference) == (refund.id, intent.id, "R-1")
    charged = events["charge.refunded"]
    assert (charged.intent_id, charged.thing) == (intent.id, None)


def test_events_that_no_webhook_told_can_be_asked_for(payments: Payments, provider: Provider) -> None:
    start = datetime.now(UTC)
    provider.knobs(hook_drop=2)
    intent = paid(payments, provider)
    kinds = [event.type for event in payments.events_since(start) if event.intent_id == intent.id]
    assert kinds == ["payment_intent.succeeded", "charge.succeeded"]
    assert list(payments.events_since(start + timedelta(hours=1))) == []


def test_an_event_of_an_unknown_kind_is_still_an_event() -> None:
    body = {"id": "evt_1", "type": "payout.paid", "created": 1795521600, "data": {"object": {"id": "po_1"}}}
    body["data"]["object"]["object"] = "payout"  # type: ignore[index]
    event = read_event(json.dumps(body).encode())
    assert (event.object_id, event.intent_id, event.reference, event.thing) == ("po_1", "", "", None)
    assert event.created_at == NOW


PAGE = ("visit.pdf", "application/pdf", b"%PDF-1.7 signed by the customer")
PHOTO = ("boiler.jpg", "image/jpeg", b"\xff\xd8\xff\xe0 a boiler")


def test_a_dispute_is_read_with_what_it_took_and_when_it_must_be_answered(
    payments: Payments, provider: Provider
) -> None:
    intent = paid(payments, provider)
    found = payments.dispute(provider.disputed(intent.id, amount=7_200, reason="product_not_received"))
    assert (found.status, found.reason, found.intent_id) == ("needs_response", "product_not_received", intent.id)
    assert (found.amount_minor, found.currency, found.fee_minor, found.withdrawn) == (7_200, "GBP", 2_000, True)
    assert found.due_at is not None
    assert abs(found.due_at - datetime.now(UTC) - timedelta(days=7)) < timedelta(minutes=1)
    assert list(payments.disputes_since(datetime.now(UTC) - timedelta(minutes=1))) == [found]
    assert list(payments.disputes_since(datetime.now(UTC) + timedelta(minutes=1))) == []


def test_money_that_came_back_is_no_longer_withdrawn_although_the_fee_is_kept(
    payments: Payments, provider: Provider
) -> None:
    dispute = provider.disputed(paid(payments, provider).id)
    provider.decide(dispute, "won")
    found = payments.dispute(dispute)
    assert (found.status, found.withdrawn, found.fee_minor) == ("won", False, 2_000)


def test_an_inquiry_has_taken_nothing(payments: Payments, provider: Provider) -> None:
    found = payments.dispute(provider.disputed(paid(payments, provider).id, inquiry=True))
    assert (found.status, found.withdrawn, found.fee_minor) == ("warning_needs_response", False, 0)


def test_a_bank_that_takes_no_answer_leaves_no_day_for_one() -> None:
    body = {"id": "du_1", "status": "lost", "amount": 100, "currency": "gbp", "evidence_details": {"due_by": 0}}
    assert dispute_of(body).due_at is None


def test_our_letter_and_its_files_reach_the_bank_once(payments: Payments, provider: Provider) -> None:
    dispute = provider.disputed(paid(payments, provider).id)
    sent = payments.submit_evidence(dispute, text="The work was done.", files=[PAGE, PHOTO], key="e1")
    assert sent.status == "under_review"
    assert payments.submit_evidence(dispute, text="The work was done.", files=[PAGE, PHOTO], key="e1") == sent
    evidence = provider.document(f"disputes/{dispute}")["evidence"]
    assert evidence["uncategorized_text"] == "The work was done."
    for place, (name, _, content) in (("service_documentation", PAGE), ("uncategorized_file", PHOTO)):
        file = provider.document(f"files/{evidence[place]}")
        assert (file["filename"], file["size"]) == (name, len(content))
    with pytest.raises(PaymentsRefused):
        payments.submit_evidence(dispute, text="And another thing.", key="e2")


def test_a_lost_answer_to_our_letter_is_unknown_and_the_same_call_tells(payments: Payments, provider: Provider) -> None:
    dispute = provider.disputed(paid(payments, provider).id)
    provider.knobs(timeout_after=1, timeout_s=3)
    with pytest.raises(PaymentsUnknown):
        payments.submit_evidence(dispute, text="The work was done.", key="e1")
    assert payments.dispute(dispute).status == "under_review"
    assert payments.submit_evidence(dispute, text="The work was done.", key="e1").status == "under_review"


@pytest.mark.parametrize(
    ("text", "files", "code"),
    [
        ("x" * 20_001, [], "evidence_text_too_long"),
        ("x", [PAGE] * 5, "evidence_too_many_files"),
        ("x", [("visit.doc", "application/msword", b"")], "evidence_file_type"),
        ("x", [("a.pdf", "application/pdf", b"0" * (EVIDENCE_BYTES_MAX + 1))], "evidence_files_too_large"),
    ],
)
def test_what_no_bank_reads_is_not_sent_at_all(
    payments: Payments, provider: Provider, text: str, files: list[tuple[str, str, bytes]], code: str
) -> None:
    dispute = provider.disputed(paid(payments, provider).id)
    with pytest.raises(PaymentsRefused) as refusal:
        payments.submit_evidence(dispute, text=text, files=files, key="e1")
    assert refusal.value.code == code
    assert provider.document(f"disputes/{dispute}")["evidence_details"]["has_evidence"] is False


def test_giving_in_is_losing_and_a_lost_case_cannot_be_given_in_to(payments: Payments, provider: Provider) -> None:
    dispute = provider.disputed(paid(payments, provider).id)
    assert payments.close_dispute(dispute, key="c1").status == "lost"
    assert payments.close_dispute(dispute, key="c1").status == "lost"
    with pytest.raises(PaymentsRefused):
        payments.close_dispute(dispute, key="c2")


def test_a_disputed_payment_is_not_refunded(payments: Payments, provider: Provider) -> None:
    intent = paid(payments, provider)
    provider.disputed(intent.id)
    with pytest.raises(PaymentsRefused) as refusal:
        payments.refund(intent.id, amount_minor=100, reference="R-1", key="k")
    assert refusal.value.code == "charge_disputed"


def test_an_event_about_a_dispute_names_the_payment_and_carries_the_dispute(
    payments: Payments, provider: Provider, ends: tuple[Provider, Receiver]
) -> None:
    shop = ends[1]
    intent = paid(payments, provider)
    dispute = provider.disputed(intent.id)
    wait_for(lambda: shop.of("charge.dispute.funds_withdrawn"))
    events = {event.type: event for event in (read_event(payload) for payload, _ in shop.got)}
    withdrawn = events["charge.dispute.funds_withdrawn"]
    assert (withdrawn.object_id, withdrawn.intent_id, withdrawn.reference) == (dispute, intent.id, "")
    assert isinstance(withdrawn.thing, Dispute)
    assert withdrawn.thing == payments.dispute(dispute)
    assert {event.type for event in payments.events_since(datetime.now(UTC) - timedelta(minutes=1))} >= set(events)
