"""How a dispute ends: by the bank's word, or by the merchant's silence."""

from __future__ import annotations

from app.simulators.payments import disputes, knobs
from app.simulators.payments.errors import invalid
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Thing, Work


def decide(work: Work, dispute: Thing, outcome: str, settings: Settings) -> Thing:
    """The bank's word: won, lost, warning_closed, or escalated, which makes a dispute of an inquiry."""
    if outcome not in disputes.DECIDED_BY:
        raise invalid(f"Invalid outcome: must be one of {', '.join(disputes.DECIDED_BY)}", param="outcome")
    if dispute["status"] not in disputes.DECIDED_BY[outcome]:
        raise invalid(f"This dispute's status is {dispute['status']}, so it cannot be {outcome}", param="outcome")
    if outcome == "escalated":
        return escalate(work, dispute, settings)
    dispute["status"] = outcome
    disputes.tell(work, "closed", work.save(dispute))
    if outcome == "won":
        disputes.reinstate(work, dispute)
    return dispute


def escalate(work: Work, dispute: Thing, settings: Settings) -> Thing:
    """The bank's inquiry becomes a dispute, with a new time to answer."""
    wish = disputes.wishes(work, dispute)
    window = knobs.value(work, "dispute_due_s", wish)
    dispute["status"] = "needs_response"
    dispute["evidence_details"] |= {"due_by": int(work.now() + window), "submission_count": 0}
    work.alarm(window, "dispute_due", dispute)
    disputes.tell(work, "updated", work.save(dispute))
    disputes.withdraw(work, dispute, settings)
    return dispute


def lapse(work: Work, dispute: Thing) -> None:
    """The time to answer is over: silence loses a dispute and ends an inquiry."""
    if dispute["status"] not in disputes.WAITING or work.now() < dispute["evidence_details"]["due_by"]:
        return
    dispute["status"] = "lost" if dispute["status"] == "needs_response" else "warning_closed"
    disputes.tell(work, "closed", work.save(dispute))
