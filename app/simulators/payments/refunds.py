"""Refunds: never more than was taken, and not always where they seemed to be."""

from __future__ import annotations

from app.simulators.payments import balance, disputes, events, knobs
from app.simulators.payments.cards import BY_TOKEN
from app.simulators.payments.errors import invalid
from app.simulators.payments.params import whole
from app.simulators.payments.store import Thing, Work

REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(work: Work, params: Thing) -> Thing:
    """Give back `amount` minor units of an intent's charge, or all that is left of it."""
    intent = work.get("payment_intent", str(params.get("payment_intent", "")))
    if not intent["amount_received"]:
        raise invalid("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    reason = params.get("reason")
    if reason is not None and reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    charge = work.get("charge", intent["latest_charge"])
    amount = asked_for(work, charge, params)
    metadata = params.get("metadata") or {}
    fate = BY_TOKEN[intent["_card"]].refund
    pending = fate == "pending" or bool(knobs.value(work, "refund_pending", metadata))
    refund = work.new(
        "re",
        "refund",
        amount=amount,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        failure_reason=None,
        metadata=metadata,
        payment_intent=intent["id"],
        reason=reason,
        status="pending" if pending else "succeeded",
    )
    refund["balance_transaction"] = balance.move(work, refund, kind="refund", amount=-amount)["id"]
    work.save(refund)
    count(work, charge, amount)
    events.emit(work, "refund.created", refund)
    events.emit(work, "charge.refunded", charge)
    disputes.refunded(work, charge)
    settle_in = knobs.value(work, "refund_settle_s", metadata)
    if fate == "fails_late" or knobs.value(work, "refund_fails_late", metadata):
        work.alarm(settle_in, "refund_fails", refund)
    elif pending:
        work.alarm(settle_in, "refund", refund)
    if not pending:
        events.emit(work, "refund.updated", refund)
    return refund


def asked_for(work: Work, charge: Thing, params: Thing) -> int:
    """The amount asked for, held against what is left of the charge after refunds and lost disputes."""
    held, gone = disputes.away(work, charge)
    left = max(charge["amount_captured"] - charge["amount_refunded"] - gone, 0)
    if held or (gone and not left):
        said = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid(said, code="charge_disputed", executed=True)
    amount = whole(params, "amount") if "amount" in params else left
    if not left:
        said = f"Charge {charge['id']} has already been refunded."
        raise invalid(said, code="charge_already_refunded", executed=True)
    if amount > left:
        said = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise invalid(said, param="amount", executed=True)
    if not amount:
        raise invalid("Amount must be positive", param="amount", code="parameter_invalid_integer")
    return amount


def count(work: Work, charge: Thing, amount: int) -> None:
    """Move the charge's running total of refunds by a signed amount."""
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    work.save(charge)


def succeed(work: Work, refund: Thing) -> None:
    """A pending refund reached the card."""
    if refund["status"] == "pending":
        refund["status"] = "succeeded"
        events.emit(work, "refund.updated", work.save(refund))


def fail(work: Work, refund: Thing) -> None:
    """The card would not take it, even if it had seemed to: the money is the merchant's again."""
    if refund["status"] == "failed":
        return
    back = balance.move(work, refund, kind="refund_failure", amount=refund["amount"])
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": back["id"],
    }
    count(work, work.get("charge", refund["charge"]), -refund["amount"])
    work.save(refund)
    events.emit(work, "refund.failed", refund)
    events.emit(work, "refund.updated", refund)
