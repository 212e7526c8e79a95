"""The payments port over HTTP, through Stripe's own SDK: a file of its own because loading that SDK takes its time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import stripe

from app.clients.payments import (
    REFERENCE,
    RETURN_URL,
    Dispute,
    Event,
    Evidence,
    Intent,
    PaymentsError,
    PaymentsRefused,
    PaymentsUnavailable,
    PaymentsUnknown,
    RefundResult,
    dispute_of,
    event_of,
    intent_of,
    refund_of,
)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVIDENCE_TEXT_MAX = 20_000
EVIDENCE_BYTES_MAX = 4_500_000
"""Of all files of one dispute together. https://docs.stripe.com/disputes/best-practices"""
EVIDENCE_TYPES = ("application/pdf", "image/jpeg", "image/png")
EVIDENCE_FIELDS = ("service_documentation", "uncategorized_file", "customer_communication", "receipt")
"""Stripe keeps one file per field: the first file is the proof of the work, the others follow in this order."""
NOT_REACHED = (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)


class StripePayments:
    """`Payments` at `url`, Stripe's or the simulator's; `public_url` is what the customer's browser sees of it.

    The page behind `pay_url` is the simulator's, and its way back travels in the metadata, where Stripe takes anything;
    at Stripe a Checkout Session takes its place. Every call is one that both understand.
    """

    def __init__(self, url: str, key: str, *, public_url: str = "", timeout_seconds: float = 10) -> None:
        session = requests.Session()
        # A proxy from the environment has no business between two processes of one machine.
        session.trust_env = urlsplit(url).hostname not in LOOPBACK
        transport = stripe.RequestsClient(timeout=timeout_seconds, session=session)
        # Retries belong to the outbox, which knows the difference between "not done" and "not known".
        api = url.rstrip("/")
        # Stripe takes files at an address of their own; the simulator takes them where it takes all else.
        files = stripe.DEFAULT_UPLOAD_API_BASE if api == stripe.DEFAULT_API_BASE else api
        self._stripe = stripe.StripeClient(
            key, base_addresses={"api": api, "files": files}, max_network_retries=0, http_client=transport
        )
        self._public_url = (public_url or url).rstrip("/")

    def open_intent(
        self,
        *,
        amount_minor: int,
        currency: str,
        reference: str,
        description: str,
        return_url: str,
        key: str,
        metadata: Mapping[str, str] | None = None,
    ) -> Intent:
        """Ask for a payment; the customer makes it at `pay_url`."""
        with _changing():
            found = self._stripe.v1.payment_intents.create(
                {
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "description": description,
                    "metadata": {**(metadata or {}), REFERENCE: reference, RETURN_URL: return_url},
                },
                {"idempotency_key": key},
            )
        return intent_of(found.to_dict())

    def intent(self, intent_id: str) -> Intent:
        """How the payment stands now, with the provider's fee once it has one."""
        with _asking():
            found = self._stripe.v1.payment_intents.retrieve(
                intent_id, {"expand": ["latest_charge.balance_transaction"]}
            )
        return intent_of(found.to_dict())

    def intents_of(self, reference: str) -> tuple[Intent, ...]:
        """Payments opened under our reference. Stripe's search may lag a minute behind: absence is no proof before."""
        with _asking():
            query = f'metadata["{REFERENCE}"]:"{reference}"'
            found = self._stripe.v1.payment_intents.search({"query": query, "limit": 100})
        return tuple(intent_of(one.to_dict()) for one in found.data)

    def cancel_intent(self, intent_id: str, *, key: str) -> Intent:
        """Close a payment for good; PaymentsRefused when the money was taken first."""
        with _changing():
            found = self._stripe.v1.payment_intents.cancel(intent_id, {}, {"idempotency_key": key})
        return intent_of(found.to_dict())

    def refund(
        self,
        intent_id: str,
        *,
        amount_minor: int,
        reference: str,
        key: str,
        metadata: Mapping[str, str] | None = None,
    ) -> RefundResult:
        """Give part or all of a payment back; PaymentsRefused when that is more than is left of it."""
        with _changing():
            found = self._stripe.v1.refunds.create(
                {
                    "payment_intent": intent_id,
                    "amount": amount_minor,
                    "reason": "requested_by_customer",
                    "metadata": {**(metadata or {}), REFERENCE: reference},
                },
                {"idempotency_key": key},
            )
        return refund_of(found.to_dict())

    def refund_by_id(self, refund_id: str) -> RefundResult:
        """How the refund stands now."""
        with _asking():
            found = self._stripe.v1.refunds.retrieve(refund_id)
        return refund_of(found.to_dict())

    def refunds_of(self, intent_id: str, *, reference: str | None = None) -> tuple[RefundResult, ...]:
        """Every refund of a payment, or only those under our reference."""
        with _asking():
            listed = self._stripe.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
            found = tuple(refund_of(one.to_dict()) for one in listed.auto_paging_iter())
        return tuple(one for one in found if reference in {None, one.reference})

    def dispute(self, dispute_id: str) -> Dispute:
        """How the dispute stands now."""
        with _asking():
            found = self._stripe.v1.disputes.retrieve(dispute_id)
        return dispute_of(found.to_dict())

    def disputes_since(self, moment: datetime) -> Iterator[Dispute]:
        """Disputes that began since, newest first. One that moved on later is found by asking for it."""
        with _asking():
            listed = self._stripe.v1.disputes.list({"created": {"gte": int(moment.timestamp())}, "limit": 100})
            for one in listed.auto_paging_iter():
                yield dispute_of(one.to_dict())

    def submit_evidence(self, dispute_id: str, *, text: str, files: Sequence[Evidence] = (), key: str) -> Dispute:
        """Send our side of the story, once and for good: the bank reads no second letter.

        `files` go to the fields named by EVIDENCE_FIELDS, so the strongest comes first. PaymentsRefused when there is
        too much of them, when they are of a kind no bank reads, or when the dispute no longer waits for an answer.
        """
        _fit_to_send(text, files)
        evidence: dict[str, str] = {"uncategorized_text": text}
        with _changing():
            for place, (name, _, content) in zip(EVIDENCE_FIELDS, files, strict=False):
                sent = self._stripe.v1.files.create(
                    {"purpose": "dispute_evidence", "file": _Named(name, content)},
                    {"idempotency_key": f"{key}:{place}"},
                )
                evidence[place] = sent.id
            wanted: Any = {"evidence": evidence, "submit": True}
            found = self._stripe.v1.disputes.update(dispute_id, wanted, {"idempotency_key": key})
        return dispute_of(found.to_dict())

    def close_dispute(self, dispute_id: str, *, key: str) -> Dispute:
        """Give in: the dispute is lost at once and cannot be taken up again."""
        with _changing():
            found = self._stripe.v1.disputes.close(dispute_id, {}, {"idempotency_key": key})
        return dispute_of(found.to_dict())

    def events_since(self, moment: datetime) -> Iterator[Event]:
        """What happened since, newest first: to find what no webhook told."""
        with _asking():
            listed = self._stripe.v1.events.list({"created": {"gte": int(moment.timestamp())}, "limit": 100})
            for one in listed.auto_paging_iter():
                yield event_of(one.to_dict())

    def pay_url(self, intent_id: str) -> str:
        """The provider's page on which the customer pays."""
        return f"{self._public_url}/pay/{intent_id}"


class _Named(io.BytesIO):
    """A file as the SDK wants it: something to read that has a name."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def _fit_to_send(text: str, files: Sequence[Evidence]) -> None:
    """PaymentsRefused before anything is sent for what the provider would not take."""
    if len(text) > EVIDENCE_TEXT_MAX:
        raise PaymentsRefused(f"The text may have {EVIDENCE_TEXT_MAX} characters", "evidence_text_too_long")
    if len(files) > len(EVIDENCE_FIELDS):
        raise PaymentsRefused(f"At most {len(EVIDENCE_FIELDS)} files can be sent", "evidence_too_many_files")
    if any(media_type not in EVIDENCE_TYPES for _, media_type, _ in files):
        raise PaymentsRefused("Only PDF, JPEG and PNG can be sent", "evidence_file_type")
    if sum(len(content) for _, _, content in files) > EVIDENCE_BYTES_MAX:
        raise PaymentsRefused("The files may have 4.5 MB together", "evidence_files_too_large")


@contextmanager
def _asking() -> Iterator[None]:
    """A question changes nothing, so whatever goes wrong on the way is "later"."""
    try:
        yield
    except stripe.StripeError as error:
        trouble = _refusal(error) or PaymentsUnavailable("The payment provider does not answer", _code(error))
        raise trouble from error


@contextmanager
def _changing() -> Iterator[None]:
    """A change may have been made although its answer never came: that is told apart from "not done"."""
    try:
        yield
    except stripe.StripeError as error:
        raise (_refusal(error) or _doubt(error)) from error


def _code(error: stripe.StripeError) -> str:
    """The provider's word for the trouble; the SDK keeps it in one of two places."""
    return error.code or (error.error.code if error.error else None) or ""


def _refusal(error: stripe.StripeError) -> PaymentsRefused | None:
    said = (
        stripe.CardError,
        stripe.InvalidRequestError,
        stripe.IdempotencyError,
    )
    return PaymentsRefused(error.user_message or "Refused", _code(error)) if isinstance(error, said) else None


def _doubt(error: stripe.StripeError) -> PaymentsError:
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return PaymentsUnavailable("The payment provider does not take our key", _code(error))
    if isinstance(error, stripe.RateLimitError):
        return PaymentsUnavailable("The payment provider is busy", _code(error))
    if isinstance(error, stripe.APIConnectionError) and _never_left(error.__cause__):
        return PaymentsUnavailable("The payment provider cannot be reached")
    return PaymentsUnknown("The payment provider did not say whether it was done", _code(error))


def _never_left(cause: BaseException | None) -> bool:
    """No connection was made at all, so the request was never sent."""
    if isinstance(cause, NOT_REACHED):
        return True
    reason = getattr(cause.args[0] if cause and cause.args else None, "reason", None)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}
