"""The statement of reasons that a provider gets with every restriction (DSA art. 17), in the Commission's fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.catalogue.listing import Listing
from models.moderation.moderation_decision import Outcome
from models.moderation.policy import Policy

REDRESS = (
    "If you think the decision is wrong, answer the mail about it within six months, free of charge: a person who took "
    "no part in it looks at it again. Going to court stays open to you."
)
CHANGE = "You can change the listing and submit it again. "
"""What a rejected listing allows, and a suspended one does not."""
_GROUNDS = {"illegal_content": "The law it rests on", "incompatible_content": "The rule of ours it rests on"}


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
        "redress": REDRESS if outcome is Outcome.suspended else CHANGE + REDRESS,
    }


def in_words(statement: Mapping[str, Any]) -> str:
    """The whole statement as its provider reads it, in paragraphs: what was done and where, the facts, the rule, how
    it was found, and the way to contest it."""
    prefix, ground = next(one for one in _GROUNDS.items() if f"{one[0]}_explanation" in statement)
    title = statement.get(f"{prefix}_legal_ground") or statement[f"{prefix}_ground"]
    hidden = "The listing is out of the shop until we reinstate it."
    done = statement["decision_visibility_other"] or hidden
    return "\n\n".join(
        (
            f"What we did: {done} It holds in the {statement['territorial_scope']}.",
            f"Why: {statement['decision_facts']}",
            f"{ground}: {title}. {statement[f'{prefix}_explanation']}",
            "How: a person of ours looked at it on our own initiative and decided; nothing automated took part.",
            statement["redress"],
        )
    )
