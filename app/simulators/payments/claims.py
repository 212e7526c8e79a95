"""How the bank begins: by a test card, a knob, or the button on the state page."""

from __future__ import annotations

from app.simulators.payments import disputes, evidence, knobs
from app.simulators.payments.cards import BY_TOKEN
from app.simulators.payments.errors import invalid
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Thing, Work


def expect(work: Work, intent: Thing) -> None:
    """A payment went through: its card or a knob may have the bank dispute it, now or later."""
    if BY_TOKEN[intent["_card"]].dispute or knobs.value(work, "dispute", intent["metadata"]):
        work.alarm(knobs.value(work, "dispute_delay_s", intent["metadata"]), "dispute", intent)


def arrive(work: Work, intent: Thing, settings: Settings) -> None:
    """What was expected comes, unless the payment is disputed already or was given back."""
    card, kind = BY_TOKEN[intent["_card"]], knobs.value(work, "dispute", intent["metadata"])
    charge = work.get("charge", intent["latest_charge"])
    if not charge["refunded"] and not disputes.of_charge(work, charge):
        begin(
            work, intent, settings, reason=card.dispute or "general", inquiry=card.inquiry or kind == disputes.INQUIRY
        )


def begin(
    work: Work, intent: Thing, settings: Settings, *, amount: int = 0, reason: str = "general", inquiry: bool = False
) -> Thing:
    """The bank disputes `amount` minor units of a paid intent, or all that was not refunded."""
    if intent["status"] != "succeeded":
        raise invalid("Only a payment that succeeded can be disputed", param="payment_intent")
    if reason not in disputes.REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(disputes.REASONS)}", param="reason")
    charge = work.get("charge", intent["latest_charge"])
    if any(known["status"] in disputes.OPEN for known in disputes.of_charge(work, charge)):
        raise invalid("This charge has an open dispute already", param="payment_intent")
    amount = amount or charge["amount_captured"] - charge["amount_refunded"]
    if not 0 < amount <= charge["amount_captured"]:
        raise invalid("No more can be disputed than was taken", param="amount")
    due = work.now() + knobs.value(work, "dispute_due_s", intent["metadata"])
    dispute = work.new(
        "du",
        "dispute",
        amount=amount,
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        evidence=dict.fromkeys((*evidence.TEXTS, *evidence.FILES)),
        evidence_details={"due_by": int(due), "has_evidence": False, "past_due": False, "submission_count": 0},
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=intent["id"],
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    work.alarm(due - work.now(), "dispute_due", dispute)
    charge["disputed"] = True
    work.save(charge)
    disputes.tell(work, "created", dispute)
    if not inquiry:
        disputes.withdraw(work, dispute, settings)
    return dispute
