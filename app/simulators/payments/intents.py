"""Payment intents: opened by the merchant, paid by the customer, closed once."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from app.simulators.payments import captures, events, knobs
from app.simulators.payments.cards import BY_TOKEN, Card
from app.simulators.payments.errors import invalid
from app.simulators.payments.params import whole
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Thing, Work

SMALLEST_MINOR = 30
LARGEST_MINOR = 99_999_999
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
"""A card may still be tried."""
CLOSABLE = (*OPEN, "requires_capture")


def create(work: Work, params: Thing) -> Thing:
    """A new intent of `amount` minor units. `metadata[return_url]` is where the payment page sends the customer
    afterwards: the real provider takes no such parameter here, and anything in metadata."""
    amount, currency = whole(params, "amount"), str(params.get("currency", "")).lower()
    if amount < SMALLEST_MINOR:
        raise invalid("Amount must be no less than 30 minor units", param="amount", code="amount_too_small")
    if amount > LARGEST_MINOR:
        raise invalid("Amount must be no more than 99999999", param="amount", code="amount_too_large")
    if not re.fullmatch("[a-z]{3}", currency):
        raise invalid(f"Invalid currency: {currency}", param="currency")
    method = str(params.get("capture_method", "automatic"))
    if method not in captures.METHODS:
        raise invalid(f"Invalid capture_method: {method}", param="capture_method")
    metadata = params.get("metadata") or {}
    return_url = str(metadata.get("return_url", ""))
    if return_url and urlsplit(return_url).scheme not in {"http", "https"}:
        raise invalid("Not a valid URL", param="metadata[return_url]", code="url_invalid")
    intent = work.new(
        "pi",
        "payment_intent",
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        cancellation_reason=None,
        canceled_at=None,
        capture_method=method,
        client_secret=None,
        currency=currency,
        description=params.get("description"),
        last_payment_error=None,
        latest_charge=None,
        metadata=metadata,
        next_action=None,
        payment_method=None,
        payment_method_types=["card"],
        status="requires_payment_method",
        _return_url=return_url,
    )
    intent["client_secret"] = f"{intent['id']}_secret_{secrets.token_hex(12)}"
    return work.save(intent)


def update(work: Work, intent: Thing, params: Thing) -> Thing:
    """Change what the payment is for, or put a card beside it that is charged when it is confirmed."""
    if "payment_method" in params:
        refuse_unless(intent, *OPEN)
        intent |= {"_card": card_of(params).token, "payment_method": str(params["payment_method"])}
        intent |= {"status": "requires_confirmation", "next_action": None}
    intent["metadata"] |= params.get("metadata") or {}
    intent["description"] = params.get("description", intent["description"])
    return work.save(intent)


def confirm(work: Work, intent: Thing, params: Thing, settings: Settings) -> Thing:
    """Pay with the card named now, or with the one named before, or with one that pays."""
    waiting = intent["status"] == "requires_confirmation" and "payment_method" not in params
    return pay(work, intent, BY_TOKEN[intent["_card"]] if waiting else card_of(params), settings)


def pay(work: Work, intent: Thing, card: Card, settings: Settings) -> Thing:
    """Try to take the money with a card: paid, declined (and still open), or waiting for the bank."""
    refuse_unless(intent, *OPEN)
    wishes = intent["metadata"]
    intent |= {"_card": card.token, "last_payment_error": None, "next_action": None}
    if card.decline or knobs.value(work, "decline", wishes):
        return decline(work, intent, card.decline or "generic_decline", card.message or "Your card was declined.")
    if card.authenticate or knobs.value(work, "authenticate", wishes):
        url = f"{settings.public_url}/pay/{intent['id']}/bank"
        redirect = {"url": url, "return_url": intent["_return_url"]}
        intent |= {"status": "requires_action", "next_action": {"type": "redirect_to_url", "redirect_to_url": redirect}}
        events.emit(work, "payment_intent.requires_action", work.save(intent))
        return intent
    return go_through(work, intent, settings)


def authenticate(work: Work, intent: Thing, settings: Settings, *, agreed: bool) -> Thing:
    """The customer's answer at the bank's step."""
    refuse_unless(intent, "requires_action")
    intent["next_action"] = None
    if not agreed:
        error = {"code": "payment_intent_authentication_failure", "message": "Your bank did not confirm the payment."}
        return reopen(work, intent, error)
    return go_through(work, intent, settings)


def go_through(work: Work, intent: Thing, settings: Settings) -> Thing:
    """Accepted now, or after the delay that a knob asks for."""
    delay = knobs.value(work, "payment_delay_s", intent["metadata"])
    if not delay:
        return accept(work, intent, settings)
    intent["status"] = "processing"
    work.alarm(delay, "payment", intent)
    events.emit(work, "payment_intent.processing", work.save(intent))
    return intent


def accept(work: Work, intent: Thing, settings: Settings) -> Thing:
    """The card said yes: the money is taken, or reserved when the merchant wants to capture it later."""
    charge = new_charge(work, intent, accepted=True)
    if intent["capture_method"] == "manual":
        return captures.reserve(work, intent, charge)
    return captures.collect(work, intent, charge, intent["amount"], settings)


def decline(work: Work, intent: Thing, code: str, message: str) -> Thing:
    """Refused by the card: a charge that failed names the attempt."""
    charge = new_charge(work, intent, accepted=False)
    intent["latest_charge"] = charge["id"]
    events.emit(work, "charge.failed", charge)
    error = {"code": "card_declined", "charge": charge["id"], "decline_code": code, "message": message}
    return reopen(work, intent, error)


def new_charge(work: Work, intent: Thing, *, accepted: bool) -> Thing:
    """One attempt at the card; nothing is taken yet."""
    return work.new(
        "ch",
        "charge",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        balance_transaction=None,
        captured=False,
        currency=intent["currency"],
        disputed=False,
        metadata=intent["metadata"],
        paid=accepted,
        payment_intent=intent["id"],
        refunded=False,
        status="succeeded" if accepted else "failed",
    )


def reopen(work: Work, intent: Thing, error: Thing) -> Thing:
    """The attempt failed; the customer may try another card."""
    used = {"type": "card_error", "payment_method": {"id": f"pm_{secrets.token_hex(12)}", "object": "payment_method"}}
    intent |= {"status": "requires_payment_method", "last_payment_error": used | error, "payment_method": None}
    events.emit(work, "payment_intent.payment_failed", work.save(intent))
    return intent


def cancel(work: Work, intent: Thing, *, reason: str | None = None) -> Thing:
    """Close it for good; only while no money was taken. What was reserved on the card is let go."""
    refuse_unless(intent, *CLOSABLE)
    if intent["status"] == "requires_capture":
        captures.let_go(work, intent)
    closed = {"status": "canceled", "canceled_at": int(work.now()), "cancellation_reason": reason, "next_action": None}
    intent |= closed
    events.emit(work, "payment_intent.canceled", work.save(intent))
    return intent


def expire(work: Work, intent: Thing) -> None:
    """Nobody captured in time."""
    if intent["status"] == "requires_capture":
        cancel(work, intent, reason="automatic")
        events.emit(work, "charge.expired", work.get("charge", intent["latest_charge"]))


def card_of(params: Thing) -> Card:
    """The test card named by a token; card numbers are only taken on the payment page."""
    token = str(params.get("payment_method", "pm_card_visa"))
    if token not in BY_TOKEN:
        raise invalid(f"No such PaymentMethod: '{token}'", param="payment_method", code="resource_missing")
    return BY_TOKEN[token]


def refuse_unless(intent: Thing, *states: str) -> None:
    """ApiError when the intent is in none of these states."""
    if intent["status"] not in states:
        said = f"This PaymentIntent's status is {intent['status']}, so this cannot be done."
        raise invalid(said, code="payment_intent_unexpected_state", executed=True)
