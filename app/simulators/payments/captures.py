"""Taking the money: at once, or reserved on the card first and captured later, in full or in part."""

from __future__ import annotations

from app.simulators.payments import balance, claims, events, knobs
from app.simulators.payments.errors import invalid
from app.simulators.payments.params import whole
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Thing, Work

METHODS = ("automatic", "manual")


def reserve(work: Work, intent: Thing, charge: Thing) -> Thing:
    """The amount waits on the card until it is captured, cancelled, or let go by the clock."""
    waits = knobs.value(work, "authorisation_s", intent["metadata"])
    intent |= {"status": "requires_capture", "amount_capturable": intent["amount"], "latest_charge": charge["id"]}
    work.alarm(waits, "authorisation", intent)
    events.emit(work, "charge.succeeded", charge)
    events.emit(work, "payment_intent.amount_capturable_updated", work.save(intent))
    return intent


def capture(work: Work, intent: Thing, params: Thing, settings: Settings) -> Thing:
    """Take `amount_to_capture` minor units of what is reserved, or all of it; the rest is let go."""
    if intent["status"] != "requires_capture":
        said = f"This PaymentIntent's status is {intent['status']}, so it could not be captured."
        raise invalid(said, code="payment_intent_unexpected_state", executed=True)
    amount = whole(params, "amount_to_capture") if "amount_to_capture" in params else intent["amount_capturable"]
    if not 0 < amount <= intent["amount_capturable"]:
        said = f"The amount to capture must be between 1 and {intent['amount_capturable']}"
        raise invalid(said, param="amount_to_capture", code="amount_too_large" if amount else "amount_too_small")
    return collect(work, intent, work.get("charge", intent["latest_charge"]), amount, settings, kind="charge.captured")


def collect(
    work: Work, intent: Thing, charge: Thing, amount: int, settings: Settings, *, kind: str = "charge.succeeded"
) -> Thing:
    """The money is taken: the charge, its movement and fee, and the events; then the bank's displeasure, if wished."""
    fee = balance.fee_minor(amount, bps=settings.fee_bps, fixed=settings.fee_fixed_minor)
    charge |= {"amount_captured": amount, "captured": True}
    charge["balance_transaction"] = balance.move(work, charge, kind="charge", amount=amount, fee=fee)["id"]
    intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount, "latest_charge": charge["id"]}
    events.emit(work, kind, work.save(charge))
    events.emit(work, "payment_intent.succeeded", work.save(intent))
    claims.expect(work, intent)
    return intent


def let_go(work: Work, intent: Thing) -> Thing:
    """The reservation ends without a capture; the charge counts as given back, as the provider counts it."""
    charge = work.get("charge", intent["latest_charge"])
    charge |= {"amount_refunded": charge["amount"], "refunded": True}
    intent["amount_capturable"] = 0
    return work.save(charge)
