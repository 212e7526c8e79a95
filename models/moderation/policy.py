"""The rules a moderator decides by: a code that never changes meaning, and words for whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`category` is the keyword of the Commission's statement-of-reasons schema (DSA art. 17 and 24(5))."""

    code: str
    title: str
    rule: str
    category: str
    ground: str = "INCOMPATIBLE_CONTENT"


_ALL = (
    Policy(
        "listing.complete",
        "Meets the listing rules",
        "The listing says what is done, where, when and for how much, and is filed where customers look for it.",
        "OTHER_VIOLATION_TC",
    ),
    Policy(
        "listing.unclear",
        "Scope or description unclear",
        "A customer must be able to tell from the words alone what is included and what is not.",
        "CONSUMER_INFORMATION",
    ),
    Policy(
        "listing.wrong_category",
        "Filed in the wrong category",
        "The category decides checks, filters and tax; it has to fit the work.",
        "CONSUMER_INFORMATION",
    ),
    Policy(
        "listing.price",
        "Price not complete or misleading",
        "The price covers the whole of what is described; nothing mandatory is added later.",
        "CONSUMER_INFORMATION",
    ),
    Policy(
        "listing.trader",
        "Trader information missing",
        "Customers must know which business they contract with, and that it may do this work.",
        "CONSUMER_INFORMATION",
    ),
    Policy(
        "listing.off_platform",
        "Contact details or payment outside the marketplace",
        "Phone numbers, addresses and other ways to pay do not belong in a listing before there is an order.",
        "SCAMS_AND_FRAUD",
    ),
    Policy(
        "listing.unsafe",
        "Unsafe work or goods",
        "Work that the law reserves for registered trades is offered only by those who are registered.",
        "UNSAFE_AND_PROHIBITED_PRODUCTS",
        "ILLEGAL_CONTENT",
    ),
    Policy(
        "listing.rights",
        "Uses someone else's words, pictures or marks",
        "Texts and marks are the provider's own, or used with permission.",
        "INTELLECTUAL_PROPERTY",
    ),
)
POLICIES: dict[str, Policy] = {policy.code: policy for policy in _ALL}
APPROVING = "listing.complete"
"""The one policy that approves; the others say why not."""
