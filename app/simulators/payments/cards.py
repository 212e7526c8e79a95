"""The test cards, the only ones taken: a real card number is refused before it is stored anywhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """`decline` is the provider's decline code, empty for a card that pays; `dispute` is the reason of the bank that
    asks the money back afterwards, and `inquiry` says that it only asks."""

    number: str
    token: str
    meaning: str
    decline: str = ""
    message: str = ""
    authenticate: bool = False
    refund: str = ""
    dispute: str = ""
    inquiry: bool = False

    @property
    def spaced(self) -> str:
        """The number as it is printed on a card."""
        return " ".join(self.number[at : at + 4] for at in range(0, len(self.number), 4))


CARDS = (
    Card("4242424242424242", "pm_card_visa", "pays"),
    Card(
        "4000000000000002",
        "pm_card_visa_chargeDeclined",
        "is declined",
        decline="generic_decline",
        message="Your card was declined.",
    ),
    Card(
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "has too little money on it",
        decline="insufficient_funds",
        message="Your card has insufficient funds.",
    ),
    Card(
        "4000000000000341",
        "pm_card_chargeCustomerFail",
        "can be kept, and is declined when charged",
        decline="generic_decline",
        message="Your card was declined.",
    ),
    Card("4000002500003155", "pm_card_authenticationRequired", "asks for your bank's confirmation", authenticate=True),
    Card("4000000000007726", "pm_card_pendingRefund", "pays; a refund to it takes a while", refund="pending"),
    Card("4000000000005126", "pm_card_refundFail", "pays; a refund to it fails after success", refund="fails_late"),
    Card("4000000000000259", "pm_card_createDispute", "pays; the bank then disputes it as fraud", dispute="fraudulent"),
    Card(
        "4000000000002685",
        "pm_card_createDisputeProductNotReceived",
        "pays; the bank then disputes it as not received",
        dispute="product_not_received",
    ),
    Card(
        "4000000000001976",
        "pm_card_createDisputeInquiry",
        "pays; the bank then inquires",
        dispute="fraudulent",
        inquiry=True,
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}


def read(text: str) -> Card | None:
    """A test card from what somebody typed, spaces and hyphens allowed."""
    return BY_NUMBER.get(text.replace(" ", "").replace("-", ""))
