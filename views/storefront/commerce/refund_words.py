"""What the order page says of a refund: how much, why, how far it is, and what happens next. Sentences only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from app.services.commerce.money import written
from models.commerce.refund import Refund, RefundCause, RefundState
from views.storefront import words

S = RefundState
BY_LAW = timedelta(days=14)
CAUSES: dict[RefundCause, str] = {
    RefundCause.declined: "The provider declined",
    RefundCause.lapsed: "Nobody answered in time",
    RefundCause.cancelled_before_acceptance: "Cancelled before the provider's yes",
    RefundCause.late_capture: "Paid after the time was over",
    RefundCause.hold_limit: "The hold reached its longest time",
    RefundCause.cancelled_by_buyer: "Cancelled by the customer",
    RefundCause.cancelled_by_seller: "Cancelled by the provider",
    RefundCause.cancelled_by_staff: "Cancelled by us",
    RefundCause.withdrawal: "Cancelled within the 14 days",
    RefundCause.dispute_decided: "The problem was settled",
    RefundCause.not_as_described: "Not as described",
    RefundCause.overcharged: "Charged too much",
    RefundCause.goodwill: "Goodwill",
    RefundCause.other: "Another reason",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One refund: its sum, why, a mark with its word, and what to expect."""

    amount: str
    why: str
    tone: str
    mark: str
    state: str
    text: Markup


def tell(row: Refund, *, contested: bool, own: bool) -> Told:
    """`own`: to the customer who gets it; `contested`: their bank is asking for the payment back meanwhile."""
    tone, mark, state, text = _WAITING if contested and row.state is S.approved else _STATES[row.state]
    if row.state is S.settled_manually:
        text = _transferred(row)
    if row.state is S.requested and not own:
        text = "The customer is told when it is decided."
    facts = {
        "since": words.short_moment(row.state_entered_at),
        "by": words.day(row.state_entered_at + BY_LAW),
        "reference": row.transfer_reference,
        "Your": "Your" if own else "The customer's",
        "your": "your" if own else "the customer's",
    }
    amount = written(row.amount_minor, row.currency)
    return Told(amount, CAUSES[row.cause], tone, mark, state, Markup(text).format(**facts))  # noqa: S704  constants


def _transferred(row: Refund) -> str:
    if row.transfer_reference:
        return "Sent by bank transfer instead, {since}. The bank's reference is {reference}."
    return "The bank of the card had given this money back already, {since}. It is not sent a second time."


_WAITING = (
    "held",
    "hourglass",
    "Waits for the bank",
    "It is sent when the bank has decided who gets the payment. It is not lost.",
)
_STATES: dict[RefundState, tuple[str, str, str, str]] = {
    S.requested: ("held", "hourglass", "Asked for", "A second person here decides, by {by}."),
    S.approved: ("info", "clock", "Approved", "Approved {since}. It goes to the payment provider within minutes."),
    S.submitted: (
        "info",
        "send",
        "On its way",
        "On its way to {your} bank since {since}. Banks may need a few days to show it.",
    ),
    S.unknown: (
        "info",
        "hourglass",
        "Being checked",
        "The payment provider has not confirmed it yet. We keep asking. It is never sent twice.",
    ),
    S.failed: (
        "warn",
        "alert-triangle",
        "Not delivered yet",
        "{Your} bank did not take it, {since}. The money is safe: we try again or send it another way.",
    ),
    S.succeeded: (
        "ok",
        "check",
        "Arrived",
        "{Your} bank has it since {since}. It may need a few days to show it.",
    ),
    S.rejected: ("warn", "ban", "Not approved", "It was asked for and not approved, {since}."),
    S.cancelled: ("warn", "ban", "Stopped", "It was stopped before it was sent, {since}."),
    S.settled_manually: ("ok", "check", "Settled another way", ""),
}
