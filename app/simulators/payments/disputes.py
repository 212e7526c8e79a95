"""Disputes: the customer's bank asks a payment back. An inquiry only asks; a dispute takes the money first."""

from __future__ import annotations

from app.simulators.payments import balance, events, evidence, knobs
from app.simulators.payments.cards import BY_TOKEN
from app.simulators.payments.errors import invalid
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Thing, Work

REASONS = ("general", "fraudulent", "product_not_received", "product_unacceptable", "duplicate", "credit_not_processed")
INQUIRY = 2
OUTCOMES = {1: "won", 2: "lost"}
WAITING = ("needs_response", "warning_needs_response")
OPEN = (*WAITING, "under_review", "warning_under_review")
DECIDED_BY = {
    "won": ("needs_response", "under_review"),
    "lost": ("needs_response", "under_review"),
    "warning_closed": ("warning_needs_response", "warning_under_review"),
    "escalated": ("warning_needs_response", "warning_under_review"),
}


def of_charge(work: Work, charge: Thing) -> list[Thing]:
    """Every dispute of a charge, newest first."""
    return work.find("dispute", {"$.charge": charge["id"]}, limit=100)


def expect(work: Work, intent: Thing) -> None:
    """A payment went through: its card or a knob may have the bank dispute it, now or later."""
    if BY_TOKEN[intent["_card"]].dispute or knobs.value(work, "dispute", intent["metadata"]):
        work.alarm(knobs.value(work, "dispute_delay_s", intent["metadata"]), "dispute", intent)


def arrive(work: Work, intent: Thing, settings: Settings) -> None:
    """What was expected comes, unless the payment is disputed already or was given back."""
    card, kind = BY_TOKEN[intent["_card"]], knobs.value(work, "dispute", intent["metadata"])
    charge = work.get("charge", intent["latest_charge"])
    if not charge["refunded"] and not of_charge(work, charge):
        begin(work, intent, settings, reason=card.dispute or "general", inquiry=card.inquiry or kind == INQUIRY)


def begin(
    work: Work, intent: Thing, settings: Settings, *, amount: int = 0, reason: str = "general", inquiry: bool = False
) -> Thing:
    """The bank disputes `amount` minor units of a paid intent, or all that was not refunded."""
    if intent["status"] != "succeeded":
        raise invalid("Only a payment that succeeded can be disputed", param="payment_intent")
    if reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    charge = work.get("charge", intent["latest_charge"])
    if any(known["status"] in OPEN for known in of_charge(work, charge)):
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
    tell(work, "created", dispute)
    if not inquiry:
        withdraw(work, dispute, settings)
    return dispute


def tell(work: Work, what: str, dispute: Thing) -> None:
    """An event about the dispute; what the payment wished for deliveries holds for it too."""
    wishes = work.get("payment_intent", dispute["payment_intent"])["metadata"]
    events.emit(work, f"charge.dispute.{what}", dispute, metadata=wishes)


def withdraw(work: Work, dispute: Thing, settings: Settings) -> None:
    """The bank takes the money, and the provider its fee."""
    move = balance.move(
        work, dispute, kind="adjustment", amount=-dispute["amount"], fee=settings.dispute_fee_minor
    )  # fmt: skip
    dispute["balance_transactions"] = [*dispute["balance_transactions"], move]
    dispute["is_charge_refundable"] = False
    tell(work, "funds_withdrawn", work.save(dispute))


def reinstate(work: Work, dispute: Thing) -> None:
    """The bank gives the money back; the provider its fee only if a knob says so."""
    wishes = work.get("payment_intent", dispute["payment_intent"])["metadata"]
    taken = sum(move["fee"] for move in dispute["balance_transactions"])
    fee = -taken if knobs.value(work, "dispute_fee_back", wishes) else 0
    move = balance.move(work, dispute, kind="adjustment", amount=dispute["amount"], fee=fee)
    dispute["balance_transactions"] = [*dispute["balance_transactions"], move]
    tell(work, "funds_reinstated", work.save(dispute))


def update(work: Work, dispute: Thing, params: Thing) -> Thing:
    """Keep evidence, and hand it to the bank unless `submit` is false; that can be done once."""
    if "metadata" in params:
        dispute["metadata"] = {**dispute["metadata"], **params["metadata"]}
    given = params.get("evidence") or {}
    submit = str(params.get("submit", "true")).lower() != "false"
    if "evidence" in params or "submit" in params:
        if dispute["status"] not in WAITING:
            said = f"This dispute's status is {dispute['status']}: it takes no evidence any more."
            raise invalid(said, executed=True)
        dispute["evidence"] |= evidence.checked(work, given)
        details = dispute["evidence_details"]
        details["has_evidence"] = any(dispute["evidence"].values())
        if submit and details["has_evidence"]:
            submitted(work, dispute)
    tell(work, "updated", work.save(dispute))
    return dispute


def submitted(work: Work, dispute: Thing) -> None:
    """The bank has our letter. Words that the provider's test mode knows decide at once, else a knob may."""
    inquiry = dispute["status"] == "warning_needs_response"
    dispute["status"] = "warning_under_review" if inquiry else "under_review"
    dispute["evidence_details"]["submission_count"] += 1
    wishes = work.get("payment_intent", dispute["payment_intent"])["metadata"]
    outcome = evidence.magic(dispute) or OUTCOMES.get(knobs.value(work, "dispute_outcome", wishes), "")
    if outcome:
        dispute["_outcome"] = {"won": "warning_closed", "lost": "escalated"}[outcome] if inquiry else outcome
        work.alarm(knobs.value(work, "dispute_decide_s", wishes), "dispute_decided", dispute)


def decide(work: Work, dispute: Thing, outcome: str, settings: Settings) -> Thing:
    """The bank's word: won, lost, warning_closed, or escalated, which makes a dispute of an inquiry."""
    if outcome not in DECIDED_BY:
        raise invalid(f"Invalid outcome: must be one of {', '.join(DECIDED_BY)}", param="outcome")
    if dispute["status"] not in DECIDED_BY[outcome]:
        raise invalid(f"This dispute's status is {dispute['status']}, so it cannot be {outcome}", param="outcome")
    if outcome == "escalated":
        return escalate(work, dispute, settings)
    dispute["status"] = outcome
    tell(work, "closed", work.save(dispute))
    if outcome == "won":
        reinstate(work, dispute)
    return dispute


def escalate(work: Work, dispute: Thing, settings: Settings) -> Thing:
    """The bank's inquiry becomes a dispute, with a new time to answer."""
    wishes = work.get("payment_intent", dispute["payment_intent"])["metadata"]
    window = knobs.value(work, "dispute_due_s", wishes)
    dispute["status"] = "needs_response"
    dispute["evidence_details"] |= {"due_by": int(work.now() + window), "submission_count": 0}
    work.alarm(window, "dispute_due", dispute)
    tell(work, "updated", work.save(dispute))
    withdraw(work, dispute, settings)
    return dispute


def close(work: Work, dispute: Thing) -> Thing:
    """The merchant gives in. An inquiry cannot be given in to: it ends when the payment is refunded."""
    if dispute["status"] != "needs_response":
        said = f"This dispute's status is {dispute['status']}, so it cannot be closed."
        raise invalid(said, executed=True)
    dispute["status"] = "lost"
    tell(work, "closed", work.save(dispute))
    return dispute


def lapse(work: Work, dispute: Thing) -> None:
    """The time to answer is over: silence loses a dispute and ends an inquiry."""
    if dispute["status"] not in WAITING or work.now() < dispute["evidence_details"]["due_by"]:
        return
    dispute["status"] = "lost" if dispute["status"] == "needs_response" else "warning_closed"
    tell(work, "closed", work.save(dispute))


def refunded(work: Work, charge: Thing) -> None:
    """Nothing is left to inquire about once everything went back."""
    for dispute in of_charge(work, charge) if charge["refunded"] else ():
        if dispute["status"].startswith("warning_") and dispute["status"] in OPEN:
            dispute["status"] = "warning_closed"
            tell(work, "closed", work.save(dispute))


def away(work: Work, charge: Thing) -> tuple[bool, int]:
    """Whether an open dispute forbids refunds of the charge, and how many minor units the bank keeps for good."""
    known = of_charge(work, charge)
    held = any(one["status"] in {"needs_response", "under_review"} for one in known)
    return held, sum(one["amount"] for one in known if one["status"] == "lost")
