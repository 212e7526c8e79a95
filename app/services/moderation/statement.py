"""The statement of reasons that a provider gets with every restriction (DSA art. 17), in the Commission's fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models.catalogue.listing import Listing
from models.moderation.moderation_decision import Outcome
from models.moderation.policy import Policy

REDRESS = (
    "You can change the listing and submit it again. If you think the decision is wrong, tell us within six months, "
    "free of charge: a person who took no part in it looks at it again. Going to court stays open to you."
)


def statement_of_reasons(
    listing: Listing, policy: Policy, outcome: Outcome, reason: str, at: datetime
) -> dict[str, Any]:
    """Plain JSON. `decision_facts` are the moderator's words; moments are ISO 8601 in UTC."""
    illegal = policy.ground == "ILLEGAL_CONTENT"
    prefix = "illegal_content" if illegal else "incompatible_content"
    return {
        "decision_visibility": ["DISABLED" if outcome is Outcome.suspended else "OTHER"],
        "decision_visibility_other": "" if outcome is Outcome.suspended else "The listing was not published.",
        "decision_ground": policy.ground,
        f"{prefix}_{'legal_ground' if illegal else 'ground'}": policy.title,
        f"{prefix}_explanation": policy.rule,
        "decision_facts": reason,
        "category": policy.category,
        "content_type": ["TEXT", "IMAGE"] if listing.photos else ["TEXT"],
        "content_language": "EN",
        "content_date": listing.content_changed_at.date().isoformat(),
        "territorial_scope": "United Kingdom",
        "application_date": at.isoformat(),
        "account_type": "Business",
        "source_type": "VOLUNTARY",
        "automated_detection": "No",
        "automated_decision": "NOT_AUTOMATED",
        "redress": REDRESS,
    }
