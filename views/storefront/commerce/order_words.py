"""What the order page says in each state, to each side. Sentences only; the facts are filled in by order_facts.py."""

from __future__ import annotations

from dataclasses import dataclass

from models.commerce.order import OrderState as S


@dataclass(frozen=True, slots=True)
class Words:
    """`title` says what is wanted, `lede` what comes next. Braces name the facts of order_facts.py."""

    title: str
    lede: str
    badge: str
    mark: str
    tone: str = "info"


BUYER: dict[S, Words] = {
    S.pending_acceptance: Words(
        "{seller} has been asked",
        "They answer by {accept_by}. If not, or if they decline, {total} comes back to you, the order fee included.",
        "Waiting for their answer",
        "hourglass",
        "held",
    ),
    S.accepted: Words(
        "{seller} said yes",
        "The visit is {visit}. Your money stays on hold until the work is right.",
        "Visit agreed",
        "calendar-event",
        "held",
    ),
    S.in_progress: Words(
        "The work has begun",
        "{seller} says here when it is done, with something to show for it. Your money stays on hold until then.",
        "In progress",
        "tool",
        "held",
    ),
    S.delivered: Words(
        "The work is done. Is it right?",
        "{seller} said so on {delivered_at}. Your yes releases {held}.",
        "Waiting for your yes",
        "hourglass",
        "held",
    ),
    S.disputed: Words(
        "We are looking into it",
        "{held} is frozen until it is settled.",
        "Frozen",
        "lock",
        "danger",
    ),
    S.completed: Words("Done, and paid", "{released} went to {seller}.", "Released", "check", "ok"),
    S.cancelled: Words(
        "This order was cancelled",
        "{refunded} goes back the way it came.",
        "Cancelled",
        "ban",
        "warn",
    ),
    S.declined: Words(
        "{seller} cannot take this on",
        "You get everything back: {refunded}, the order fee included, the way you paid.",
        "Declined",
        "ban",
        "warn",
    ),
    S.expired: Words(
        "{seller} did not answer in time",
        "You get everything back: {refunded}, the order fee included, the way you paid.",
        "Not answered",
        "clock",
        "warn",
    ),
}

SELLER: dict[S, Words] = {
    S.pending_acceptance: Words(
        "New order: can you take it on?",
        "Answer by {accept_by}. After that the order ends by itself and {buyer} gets everything back.",
        "Waiting for your answer",
        "hourglass",
        "held",
    ),
    S.accepted: Words(
        "You said yes",
        "The visit is {visit}. {held} is on hold for you.",
        "Visit agreed",
        "calendar-event",
        "held",
    ),
    S.in_progress: Words(
        "You are on it",
        "When it is done, say so here and add a photo or a report. {held} is on hold for you.",
        "In progress",
        "tool",
        "held",
    ),
    S.delivered: Words(
        "Waiting for the yes of {buyer}",
        "You said so on {delivered_at}. {held} is on hold for you.",
        "Waiting for their yes",
        "hourglass",
        "held",
    ),
    S.disputed: Words("We are looking into it", "{held} is frozen until it is settled.", "Frozen", "lock", "danger"),
    S.completed: Words("Done, and yours", "{earned} is yours, after commission.", "Released", "check", "ok"),
    S.cancelled: Words("This order was cancelled", "{refunded} went back to {buyer}.", "Cancelled", "ban", "warn"),
    S.declined: Words("You declined", "{buyer} got everything back.", "Declined", "ban", "warn"),
    S.expired: Words("The time to answer is over", "{buyer} got everything back.", "Not answered", "clock", "warn"),
}

BUYER_ENDS: dict[str, Words] = {
    "back": Words(
        "This order was refunded", "{refunded} goes back the way it came.", "Refunded", "arrow-back-up", "warn"
    ),
    "divided": Words(
        "It is settled", "{refunded} comes back to you, {released} went to {seller}.", "Settled", "scale", "ok"
    ),
    "kept": Words(
        "This order was cancelled", "{released} went to {seller}; nothing comes back.", "Cancelled", "ban", "warn"
    ),
    "changes": Words(
        "You asked for changes",
        "{seller} puts it right and says here when it is done. Your money stays on hold until then.",
        "Changes asked for",
        "tool",
        "held",
    ),
    "bank": Words(
        "Your bank gave the payment back", "{bank} is back with you by your bank.", "Over", "credit-card", "warn"
    ),
}
"""For an order whose money did not go one way only, or whose work is being put right."""
SELLER_ENDS: dict[str, Words] = {
    "back": Words("This order was refunded", "{refunded} went back to {buyer}.", "Refunded", "arrow-back-up", "warn"),
    "divided": Words(
        "It is settled",
        "{earned} is yours, after commission; {refunded} went back to {buyer}.",
        "Settled",
        "scale",
        "ok",
    ),
    "kept": Words("This order was cancelled", "{earned} is yours, after commission.", "Cancelled", "ban", "warn"),
    "changes": Words(
        "{buyer} asked for changes",
        "Put it right, then show it again with a new photo or report. What they wrote stands below; this is round "
        "{round} of 3. {held} is on hold for you.",
        "Changes asked for",
        "tool",
        "held",
    ),
    "bank": Words(
        "The bank gave the payment back", "{bank} went back to {buyer} by their bank.", "Over", "credit-card", "warn"
    ),
}

CONTESTED: dict[bool, tuple[str, str]] = {
    True: (
        "Your bank is asking for the payment back",
        (
            "It told us on {asked_at}. Until it has decided, {contested} is frozen: we do not move it, and neither "
            "can {seller}. We show the bank what was agreed and done. If you did not ask for this, tell your bank."
        ),
    ),
    False: (
        "The customer's bank is asking for the payment back",
        (
            "It told us on {asked_at}. Until the bank has decided, {contested} is frozen, and nothing is released or "
            "sent back. We show the bank the contract, the evidence and the ledger. Keep what you have on this order; "
            "you need not answer the bank yourself."
        ),
    ),
}
"""By whether the customer reads it: title and sentence. Nobody is blamed: banks ask for many reasons."""
INQUIRY: dict[bool, tuple[str, str]] = {
    True: (
        "Your bank has a question about the payment",
        "It asked on {asked_at}. Nothing has moved; we answer it. There is nothing you must do.",
    ),
    False: (
        "The customer's bank has a question about the payment",
        "It asked on {asked_at}. Nothing has moved, and the order goes on. We answer the bank.",
    ),
}

HISTORY: dict[tuple[str, str], str] = {
    ("order", "accept"): "{seller} took the order on",
    ("order", "decline"): "{seller} declined",
    ("order", "start"): "The work began",
    ("order", "deliver"): "{seller} said the work is done",
    ("order", "accept_delivery"): "{buyer} accepted the work",
    ("order", "request_changes"): "{buyer} asked for changes",
    ("order", "cancel"): "{who} cancelled the order",
    ("order", "open_dispute"): "{who} reported a problem",
    ("order", "hold_ran_out"): "The hold had reached the longest time the payment provider allows",
    ("order", "hold_limit"): "The hold had reached its longest time",
    ("order", "hold_alarm"): "The hold grows too old: a person decides",
    ("order", "resolve_complete"): "It was decided",
    ("order", "resolve_cancel"): "It was decided: everything that was held goes back",
    ("escrow", "release"): "{amount} was released to {seller}",
    ("escrow", "release_rest"): "{amount} was released to {seller}",
    ("escrow", "freeze"): "The money was frozen",
    ("escrow", "unfreeze"): "The money was unfrozen",
    ("escrow", "split"): "What was held is divided: {buyer_part} to {buyer}, {seller_part} to {seller}",
    ("escrow", "charge_back"): "{amount} went back to {buyer} by their bank",
    ("escrow", "charge_back_part"): "{amount} went back to {buyer} by their bank",
    ("refund", "approve"): "A refund of {amount} was approved",
    ("refund", "auto_approve"): "{amount} is being sent back",
    ("refund", "deadline"): "A refund of {amount} was not approved",
    ("refund", "reject"): "A refund of {amount} was not approved",
    ("refund", "submit"): "The refund of {amount} went to the payment provider",
    ("refund", "no_answer"): "The payment provider has not confirmed the refund of {amount}; we keep asking",
    ("refund", "psp_succeeded"): "The refund of {amount} reached the bank",
    ("refund", "psp_failed"): "The bank did not take the refund of {amount}; we are on it",
    ("refund", "psp_failed_late"): "The bank sent the refund of {amount} back to us; we are on it",
    ("refund", "retry"): "The refund of {amount} is tried again",
    ("refund", "bank_transfer"): "{amount} was sent by bank transfer instead",
    ("refund", "charged_back"): "The bank of the card had given {amount} back already",
    ("dispute", "respond"): "{who} gave their side",
    ("dispute", "no_answer"): "Nobody answered within three days",
    ("dispute", "request_info"): "We asked for more",
    ("dispute", "provide"): "{who} answered our question",
    ("dispute", "no_info"): "Our question was not answered within five days",
    ("dispute", "propose"): "We made a proposal: {buyer_part} back to {buyer}, the rest to {seller}",
    (
        "dispute",
        "propose_by_rule",
    ): "After 30 days a proposal by rule: {buyer_part} back to {buyer}, the rest to {seller}",
    ("dispute", "agree"): "{who} agreed to the proposal",
    ("dispute", "reject"): "{who} did not agree to the proposal",
    ("dispute", "no_agreement"): "The proposal was not agreed to within seven days",
    ("dispute", "withdraw"): "{who} took the problem back",
    ("chargeback", "submit_evidence"): "We sent the bank what was agreed and done",
    ("chargeback", "psp_won"): "The bank decided: the payment stands",
    ("chargeback", "psp_lost"): "The bank decided: the payment went back to {buyer}",
    ("chargeback", "inquiry_closed"): "The bank's question is answered; nothing moved",
}
LAPSED: dict[str, str] = {
    "pending_acceptance": "{seller} did not answer in time",
    "delivered": "Accepted by itself, 14 days after it was done",
    "disputed": "Nobody had decided in time",
}
BAD_NEWS = frozenset(
    {
        "decline",
        "cancel",
        "open_dispute",
        "freeze",
        "psp_failed",
        "psp_failed_late",
        "psp_lost",
        "hold_ran_out",
        "reject",
    }
)
SPOKEN = frozenset({"buyer", "seller", "operator"})
"""Reasons in a person's own words are shown; the notes of the clockwork are not."""

COMING: dict[tuple[str, str, str], str] = {
    ("order", "pending_acceptance", "lapse"): "Everything goes back, unless {they_seller} before",
    ("order", "accepted", "hold_limit"): "Everything goes back, unless the work has begun before",
    ("order", "in_progress", "hold_limit"): "A person decides about the hold, unless the work is done before",
    ("order", "delivered", "lapse"): "{held} is released by itself, unless {they_buyer} before",
    ("order", "disputed", "lapse"): "Everything goes back, unless somebody has decided before",
    (
        "escrow",
        "frozen",
        "age_limit",
    ): "The payment hold ends: what is held goes back, unless somebody has decided before",
    ("dispute", "open", "no_answer"): "We go on without an answer, unless {other} gives one before",
    ("dispute", "awaiting_info", "no_info"): "We go on without it, unless our question is answered before",
    ("dispute", "under_review", "propose_by_rule"): "A proposal by rule, unless we have proposed or decided before",
    ("dispute", "proposed", "no_agreement"): "The proposal falls, unless both have agreed before",
}
