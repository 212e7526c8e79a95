"""Disputes: the customer's bank asks a payment back. An inquiry only asks; a dispute takes the money first."""

from __future__ import annotations

from app.simulators.payments import balance, events, knobs
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


def wishes(work: Work, dispute: Thing) -> dict[str, str]:
    """What the disputed payment's metadata asks for: it holds for its dispute too."""
    found: dict[str, str] = work.get("payment_intent", dispute["payment_intent"])["metadata"]
    return found


def tell(work: Work, what: str, dispute: Thing) -> None:
    """An event about the dispute."""
    events.emit(work, f"charge.dispute.{what}", dispute, metadata=wishes(work, dispute))


def withdraw(work: Work, dispute: Thing, settings: Settings) -> None:
    """The bank takes the money, and the provider its fee."""
    dispute["is_charge_refundable"] = False
    move(work, dispute, -dispute["amount"], settings.dispute_fee_minor)
    tell(work, "funds_withdrawn", work.save(dispute))


def reinstate(work: Work, dispute: Thing) -> None:
    """The bank gives the money back; the provider its fee only if a knob says so."""
    taken = sum(move["fee"] for move in dispute["balance_transactions"])
    move(
        work, dispute, dispute["amount"], -taken if knobs.value(work, "dispute_fee_back", wishes(work, dispute)) else 0
    )
    tell(work, "funds_reinstated", work.save(dispute))


def move(work: Work, dispute: Thing, amount: int, fee: int) -> None:
    """A movement of signed minor units, kept in the dispute as the provider keeps it."""
    made = balance.move(work, dispute, kind="adjustment", amount=amount, fee=fee)
    dispute["balance_transactions"] = [*dispute["balance_transactions"], made]


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
