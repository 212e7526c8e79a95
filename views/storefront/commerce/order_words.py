"""What the order page says in each state, to each side. Sentences only; the facts are filled in by order_story.py."""

from __future__ import annotations

from dataclasses import dataclass

from models.commerce.order import OrderState as S


@dataclass(frozen=True, slots=True)
class Words:
    """`title` says what is wanted, `lede` what comes next. Braces name the facts of order_story.Facts."""

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
        "{held} is frozen until somebody has decided.",
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
    S.disputed: Words("Somebody is deciding", "{held} is frozen until then.", "Frozen", "lock", "danger"),
    S.completed: Words("Done, and yours", "{earned} is yours, after commission.", "Released", "check", "ok"),
    S.cancelled: Words("This order was cancelled", "{refunded} went back to {buyer}.", "Cancelled", "ban", "warn"),
    S.declined: Words("You declined", "{buyer} got everything back.", "Declined", "ban", "warn"),
    S.expired: Words("The time to answer is over", "{buyer} got everything back.", "Not answered", "clock", "warn"),
}

HISTORY: dict[tuple[str, str], str] = {
    ("order", "accept"): "{seller} took the order on",
    ("order", "decline"): "{seller} declined",
    ("order", "start"): "The work began",
    ("order", "deliver"): "{seller} said the work is done",
    ("order", "accept_delivery"): "{buyer} accepted the work",
    ("order", "request_changes"): "{buyer} asked for changes",
    ("order", "cancel"): "The order was cancelled",
    ("order", "open_dispute"): "A problem was reported",
    ("order", "hold_ran_out"): "The hold had reached the longest time the payment provider allows",
    ("order", "hold_limit"): "The hold had reached its longest time",
    ("order", "resolve_complete"): "It was decided: released",
    ("order", "resolve_cancel"): "It was decided: refunded",
    ("escrow", "release_rest"): "{released} was released to {seller}",
    ("escrow", "refund_rest"): "The hold was given back",
    ("escrow", "freeze"): "The money was frozen",
    ("escrow", "unfreeze"): "The money was unfrozen",
    ("refund", "submit"): "The refund went to the payment provider",
    ("refund", "psp_succeeded"): "The refund reached the bank",
    ("refund", "psp_failed"): "The bank did not take the refund; we are on it",
}
LAPSED: dict[str, str] = {
    "pending_acceptance": "{seller} did not answer in time",
    "delivered": "Accepted by itself, 14 days after it was done",
    "disputed": "Nobody had decided in time",
}
BAD_NEWS = frozenset({"decline", "cancel", "open_dispute", "freeze", "psp_failed"})

COMING: dict[tuple[str, str], str] = {
    ("pending_acceptance", "lapse"): "Everything goes back, unless {they_seller} before",
    ("accepted", "hold_limit"): "Everything goes back, unless the work has begun before",
    ("in_progress", "hold_limit"): "A person decides about the hold, unless the work is done before",
    ("delivered", "lapse"): "{held} is released by itself, unless {they_buyer} before",
    ("disputed", "lapse"): "Everything goes back, unless somebody has decided before",
}
