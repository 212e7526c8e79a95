"""The card payment provider as a port. The same client speaks to Stripe and to the loopback simulator: only the address
differs. Amounts are minor units; times are UTC. Nothing here knows our database or opens a transaction.

Three kinds of trouble, because they ask for three different things of the caller:

* `PaymentsRefused`: the provider understood and says no. Trying the same again is pointless.
* `PaymentsUnavailable`: nothing was done. Try the same again later, with the same key.
* `PaymentsUnknown`: the answer was lost on the way. It may have been done: look it up (`intents_of`, `refunds_of`, or
  the same call with the same key) before anything else, and never take a new key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

TOLERANCE_SECONDS = 300
REFERENCE = "reference"
RETURN_URL = "return_url"
Evidence = tuple[str, str, bytes]
"""A file for the customer's bank: name, media type, content. PDF, JPEG or PNG."""


class PaymentsError(Exception):
    """Any trouble with the provider; `code` is its machine-readable word for it, if it gave one."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class PaymentsRefused(PaymentsError):  # noqa: N818  the names read as answers
    """No, and no again however often it is asked."""


class PaymentsUnavailable(PaymentsError):  # noqa: N818  the names read as answers
    """Nothing was done; the same call may work later."""


class PaymentsUnknown(PaymentsError):  # noqa: N818  the names read as answers
    """Done or not done, nobody here can tell yet."""


class SignatureRefused(PaymentsError):  # noqa: N818  the names read as answers
    """The message does not come from the provider, or is too old to be believed."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment as the provider sees it. `status` is its word: requires_payment_method, requires_action, processing,
    succeeded, canceled.

    `decline_code` says why the last attempt failed and `attempt` names that attempt, so that each is counted once
    however often it is told; both are empty when none failed or one succeeded since. `fee_minor` is what the provider
    keeps, known once the money was taken and the payment asked for by its id.
    """

    id: str
    status: str
    amount_minor: int
    currency: str
    received_minor: int
    reference: str
    decline_code: str = ""
    attempt: str = ""
    fee_minor: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundResult:
    """A refund as the provider sees it: pending, succeeded, failed, canceled. A success may still become a failure."""

    id: str
    status: str
    intent_id: str
    amount_minor: int
    currency: str
    reference: str
    failure_reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment that the customer's bank asks back. `status` is the provider's word: needs_response, under_review, won,
    lost; an inquiry, which has taken no money yet, is warning_needs_response, warning_under_review, warning_closed.

    `reason` is the bank's (fraudulent, product_not_received and so on). `amount_minor` may be less than the payment.
    `fee_minor` is what the provider keeps for the case so far. `withdrawn` says whether the money is with the bank
    right now: True from the withdrawal until it is given back. `due_at` is when the bank stops listening to evidence,
    None when it does not listen at all. Disputes never carry our reference: the payment they name does.
    """

    id: str
    status: str
    reason: str
    intent_id: str
    amount_minor: int
    currency: str
    fee_minor: int
    due_at: datetime | None
    withdrawn: bool
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One message of the provider. `thing` is the object as it was then, which may be older than what you know;
    None for kinds of object that this port does not carry. `intent_id` and `reference` are empty when not told."""

    id: str
    type: str
    created_at: datetime
    object_id: str
    intent_id: str
    reference: str
    thing: Intent | RefundResult | Dispute | None


class Payments(Protocol):
    """What the marketplace asks of a provider. `key` is the caller's idempotency key, kept before the call; `reference`
    is the caller's own id for the payment or refund, by which it can be found when an answer was lost."""

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
    ) -> Intent: ...

    def intent(self, intent_id: str) -> Intent: ...

    def intents_of(self, reference: str) -> tuple[Intent, ...]: ...

    def cancel_intent(self, intent_id: str, *, key: str) -> Intent: ...

    def refund(
        self,
        intent_id: str,
        *,
        amount_minor: int,
        reference: str,
        key: str,
        metadata: Mapping[str, str] | None = None,
    ) -> RefundResult: ...

    def refund_by_id(self, refund_id: str) -> RefundResult: ...

    def refunds_of(self, intent_id: str, *, reference: str | None = None) -> tuple[RefundResult, ...]: ...

    def dispute(self, dispute_id: str) -> Dispute: ...

    def disputes_since(self, moment: datetime) -> Iterator[Dispute]: ...

    def submit_evidence(self, dispute_id: str, *, text: str, files: Sequence[Evidence] = (), key: str) -> Dispute: ...

    def close_dispute(self, dispute_id: str, *, key: str) -> Dispute: ...

    def events_since(self, moment: datetime) -> Iterator[Event]: ...

    def pay_url(self, intent_id: str) -> str: ...


def verify(
    payload: bytes, header: str, secrets: Sequence[str], now: datetime, tolerance: int = TOLERANCE_SECONDS
) -> None:
    """Believe a webhook only if one of the live secrets signed these very bytes at most `tolerance` seconds from `now`.

    SignatureRefused otherwise. Two secrets live side by side while one replaces the other; each comparison takes the
    same time wherever the marks differ. https://docs.stripe.com/webhooks/signature
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    marks = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()) or not marks:
        raise SignatureRefused("The signature header cannot be read")
    signed = times[0].encode() + b"." + payload
    good = False
    for secret in filter(None, secrets):
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        for mark in marks:
            good |= hmac.compare_digest(expected.encode(), mark.encode())
    if not good:
        raise SignatureRefused("No live secret made this signature")
    if abs(now.timestamp() - int(times[0])) > tolerance:
        raise SignatureRefused("The signature is too far from now")


def read_event(payload: bytes) -> Event:
    """The message in a verified payload; PaymentsRefused when it is not one."""
    try:
        return event_of(json.loads(payload))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PaymentsRefused("This is not an event of the payment provider") from error


def intent_of(body: Mapping[str, Any]) -> Intent:
    """A payment from the provider's document."""
    metadata = dict(body.get("metadata") or {})
    charge = body.get("latest_charge")
    error = body.get("last_payment_error") or {}
    movement = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    return Intent(
        id=body["id"],
        status=body["status"],
        amount_minor=body["amount"],
        currency=body["currency"].upper(),
        received_minor=body.get("amount_received") or 0,
        reference=metadata.get(REFERENCE, ""),
        decline_code=error.get("decline_code") or error.get("code") or "",
        attempt=error.get("charge") or (error.get("payment_method") or {}).get("id") or "",
        fee_minor=movement["fee"] if isinstance(movement, Mapping) else None,
        metadata=metadata,
    )


def refund_of(body: Mapping[str, Any]) -> RefundResult:
    """A refund from the provider's document."""
    metadata = dict(body.get("metadata") or {})
    return RefundResult(
        id=body["id"],
        status=body["status"],
        intent_id=body.get("payment_intent") or "",
        amount_minor=body["amount"],
        currency=body["currency"].upper(),
        reference=metadata.get(REFERENCE, ""),
        failure_reason=body.get("failure_reason") or "",
        metadata=metadata,
    )


def dispute_of(body: Mapping[str, Any]) -> Dispute:
    """A dispute from the provider's document. Zero, one or two movements tell whether the money is away."""
    movements = body.get("balance_transactions") or []
    due = (body.get("evidence_details") or {}).get("due_by")
    return Dispute(
        id=body["id"],
        status=body["status"],
        reason=body.get("reason") or "",
        intent_id=body.get("payment_intent") or "",
        amount_minor=body["amount"],
        currency=body["currency"].upper(),
        fee_minor=sum(one["fee"] for one in movements),
        due_at=datetime.fromtimestamp(due, UTC) if due else None,
        withdrawn=sum(one["amount"] for one in movements) < 0,
        metadata=dict(body.get("metadata") or {}),
    )


def event_of(body: Mapping[str, Any]) -> Event:
    """A message from the provider's document."""
    inner = body["data"]["object"]
    thing: Intent | RefundResult | Dispute | None = None
    if inner["object"] == "payment_intent":
        thing = intent_of(inner)
    elif inner["object"] == "refund":
        thing = refund_of(inner)
    elif inner["object"] == "dispute":
        thing = dispute_of(inner)
    return Event(
        id=body["id"],
        type=body["type"],
        created_at=datetime.fromtimestamp(body["created"], UTC),
        object_id=inner["id"],
        intent_id=inner["id"] if inner["object"] == "payment_intent" else inner.get("payment_intent") or "",
        reference=(inner.get("metadata") or {}).get(REFERENCE, ""),
        thing=thing,
    )
