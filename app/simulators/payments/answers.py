"""What the merchant does about a dispute: send evidence, or give in."""

from __future__ import annotations

from app.simulators.payments import disputes, evidence, knobs
from app.simulators.payments.errors import invalid
from app.simulators.payments.store import Thing, Work


def update(work: Work, dispute: Thing, params: Thing) -> Thing:
    """Keep evidence, and hand it to the bank unless `submit` is false; that can be done once."""
    if "metadata" in params:
        dispute["metadata"] = {**dispute["metadata"], **params["metadata"]}
    given = params.get("evidence") or {}
    submit = str(params.get("submit", "true")).lower() != "false"
    if "evidence" in params or "submit" in params:
        if dispute["status"] not in disputes.WAITING:
            said = f"This dispute's status is {dispute['status']}: it takes no evidence any more."
            raise invalid(said, executed=True)
        dispute["evidence"] |= evidence.checked(work, given)
        details = dispute["evidence_details"]
        details["has_evidence"] = any(dispute["evidence"].values())
        if submit and details["has_evidence"]:
            submitted(work, dispute)
    disputes.tell(work, "updated", work.save(dispute))
    return dispute


def submitted(work: Work, dispute: Thing) -> None:
    """The bank has our letter. Words that the provider's test mode knows decide at once, else a knob may."""
    inquiry = dispute["status"] == "warning_needs_response"
    dispute["status"] = "warning_under_review" if inquiry else "under_review"
    dispute["evidence_details"]["submission_count"] += 1
    wish = disputes.wishes(work, dispute)
    outcome = evidence.magic(dispute) or disputes.OUTCOMES.get(knobs.value(work, "dispute_outcome", wish), "")
    if outcome:
        dispute["_outcome"] = {"won": "warning_closed", "lost": "escalated"}[outcome] if inquiry else outcome
        work.alarm(knobs.value(work, "dispute_decide_s", wish), "dispute_decided", dispute)


def close(work: Work, dispute: Thing) -> Thing:
    """The merchant gives in. An inquiry cannot be given in to: it ends when the payment is refunded."""
    if dispute["status"] != "needs_response":
        said = f"This dispute's status is {dispute['status']}, so it cannot be closed."
        raise invalid(said, executed=True)
    dispute["status"] = "lost"
    disputes.tell(work, "closed", work.save(dispute))
    return dispute
