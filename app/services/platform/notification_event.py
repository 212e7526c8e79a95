"""What people are told about: the registry. A new kind of news is a line here; `notification.tell` does the rest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """Where it is told."""

    in_app = "in_app"
    mail = "mail"


BOTH = frozenset({Channel.in_app, Channel.mail})

GROUPS: dict[str, tuple[str, str]] = {
    "orders": ("Orders", "What you must do, and what you must know, about your orders."),
    "progress": ("Progress of orders", "Steps of an order that ask nothing of you."),
    "problems": ("Problems", "Problems with an order: reports, answers, decisions."),
    "money": ("Money", "Refunds, and payments that a bank asks back."),
    "selling": (
        "Selling here",
        "For businesses: your checks, your documents, your listings, and whether you are in the shop.",
    ),
    "favourites": ("Favourites", "What you saved costs less. By mail only in your daily or weekly summary."),
    "news": ("Other news", "Everything else about what you do here."),
}
"""Code: name, and what it is about. People switch groups on and off, not single events."""


@dataclass(frozen=True, slots=True)
class Event:
    """`line` is one sentence and the subject of the mail, `text` what comes after it; both are filled with the words
    that `tell` is given: `{order}`. `action` is the word on the link. An event that may not be switched off is told at
    once, by every channel it has, whatever somebody prefers."""

    code: str
    title: str
    group: str
    line: str = ""
    text: str = ""
    action: str = "See it"
    channels: frozenset[Channel] = BOTH
    may_be_switched_off: bool = True
    only_in_a_digest: bool = False
    """By mail it waits for a digest; who has none reads it on the site."""

    def __post_init__(self) -> None:
        if self.group not in GROUPS:
            raise ValueError(f"{self.code}: no group is called {self.group}")


def _must(
    code: str, title: str, group: str, line: str = "", text: str = "", action: str = "See it"
) -> tuple[str, Event]:
    return code, Event(code, title, group, line, text, action, may_be_switched_off=False)


def _may(
    code: str, title: str, group: str, line: str = "", text: str = "", action: str = "See it"
) -> tuple[str, Event]:
    return code, Event(code, title, group, line, text, action)


_CONTEST = (
    "If you think that this is wrong, answer the mail about it within six months. A person who was not part of the"
    " decision looks at it."
)
"""DSA art. 20, P2B art. 11."""

EVENTS: dict[str, Event] = dict(
    (
        _must(
            "order.placed", "A new order", "orders", "{order}: {title} is ordered",
            "{buyer} ordered {title} for {when}. The payment of {total} is held.\n\n"
            "Accept or decline by {accept_by}. If you do neither, the order ends and all the money goes back.",
            "Accept or decline",
        ),
        _may(
            "order.accepted", "Your order is accepted", "progress", "{order}: {seller} accepted your order",
            "{seller} will come on {when}. Your money waits until the work is right. The contract is on the page of the"
            " order.",
        ),
        _must(
            "order.declined", "Your order is declined", "orders", "{order}: {seller} declined your order",
            "{seller} cannot do {title}. The reason they gave: {reason}\n\n"
            "All of your {total} goes back to the card you paid with. You need not do anything.",
        ),
        _must(
            "order.expired", "Your order was not accepted in time", "orders",
            "{order}: nobody accepted your order in time",
            "{seller} did not answer by {accept_by}, so the order is over. All of your {total} goes back to the card"
            " you paid with. You need not do anything.",
        ),
        _may(
            "order.started", "The work has begun", "progress", "{order}: the work has begun",
            "{seller} has begun {title}. When they say it is done, you look at it before they are paid.",
        ),
        _must(
            "order.delivered", "The work is done: look at it", "orders", "{order}: {title} is done. Please look at it",
            "{seller} says the work is done, and shows evidence of it.\n\n"
            "Accept it, ask for changes, or say what is wrong by {decide_by}. If you do nothing, they are paid then.",
            "Look at the work",
        ),
        _must(
            "order.changes_requested", "The customer asks for changes", "orders", "{order}: {buyer} asks for changes",
            "{buyer} looked at {title} and asks for changes: {reason}\n\n"
            "The payment stays held. Say it is done again when it is.",
        ),
        _must(
            "order.completed", "An order is complete", "orders", "{order}: {title} is complete",
            "The order between {buyer} and {seller} is complete, and the payment that was held is released to {seller}."
            " The receipt is on the page of the order.",
        ),
        _must(
            "order.cancelled", "An order is cancelled", "orders", "{order}: {title} is cancelled",
            "The order between {buyer} and {seller} for {when} is cancelled. {reason}\n\n"
            "The page of the order shows what goes back to {buyer} and what {seller} keeps.",
        ),
        _must(
            "problem.reported", "A problem is reported", "problems", "{order}: a problem is reported",
            "{reporter} reported a problem with {title}: {reason}\n\nThe payment is frozen until both sides agree or we"
            " decide. Answer by {answer_by}.",
            "Read and answer",
        ),
        _must(
            "problem.answered", "A problem is answered", "problems", "{order}: the other side answered",
            "The other side of {title} answered the problem you reported. We are looking at it.",
            "Read the answer",
        ),
        _must(
            "problem.asked", "We have a question about a problem", "problems", "{order}: we have a question for you",
            "To decide the problem with {title} we need something from you. Answer by {answer_by}.",
            "Read and answer",
        ),
        _must(
            "problem.proposed", "A proposal for a problem", "problems", "{order}: there is a proposal",
            "There is a proposal for how the money for {title} is divided. Agree to it, or say why not, by"
            " {answer_by}.",
            "Read the proposal",
        ),
        _must(
            "problem.decided", "A problem is decided", "problems", "{order}: the problem is decided",
            "The problem with {title} is over. The page of the order shows how the money is divided, and why.",
            "Read the decision",
        ),
        _must(
            "problem.withdrawn", "A problem is taken back", "problems", "{order}: the problem is taken back",
            "The problem with {title} is taken back, and the order goes on.",
        ),
        _must(
            "refund.sent", "A refund is sent", "money", "{order}: {amount} is on its way back to you",
            "We sent {amount} back to the card you paid with. Banks show it within five to ten working days.",
        ),
        _must(
            "refund.failed", "A refund did not arrive", "money", "{order}: your bank did not take {amount}",
            "We tried to send {amount} back to your card and it was not taken. You need not do anything: a person looks"
            " at it and finds another way.",
        ),
        _must(
            "chargeback.opened", "A bank asks a payment back", "money",
            "{order}: the customer's bank asks {amount} back",
            "The bank of {buyer} asks {amount} back for {title}. What is still held is frozen until the bank has"
            " decided. We answer the bank, and may ask you for papers.",
        ),
        _may(
            "message.new", "A message about an order", "news", "{order}: {who} wrote to you",
            "{who} wrote to you about {title}. You are told once, until you have opened the conversation.",
            "Read the message",
        ),
        _may(
            "review.waiting", "Somebody reviewed you", "news", "{order}: {who} has written a review",
            "You can read it when you have written yours, or 14 days after {title} was completed.",
            "Write yours",
        ),
        _may(
            "review.published", "A review of you is published", "news", "{order}: the review of {who} is published",
            "Everybody can read it now. You may reply once.",
            "Read it",
        ),
        (
            "favourite.cheaper",
            Event(
                "favourite.cheaper", "Something you saved costs less", "favourites",
                "{title} costs less: {price} all-in",
                "You saved {title} by {seller} at {saved}. It is {price} now, with everything in it.",
                "Look at it", only_in_a_digest=True,
            ),
        ),
        _must(
            "review.hidden", "Your review is hidden", "orders", "{order}: your review is hidden",
            "A moderator hid your review of {title}. The reason they gave: {reason}",
        ),
        _may(
            "trader.approved", "You may sell", "selling", "{seller} may sell now",
            "Your checks are done. What you list is looked at once more before it is in the shop.",
            "Your listings",
        ),
        _must(
            "trader.more_needed", "We need something more from you", "selling",
            "We need something more before {seller} can sell",
            "{reason}\n\nPut it right and hand it in again.",
            "Your business",
        ),
        _must(
            "trader.refused", "Your application has ended", "selling", "The application of {seller} has ended",
            "{reason}\n\n" + _CONTEST, "Your business",
        ),
        _must(
            "trader.lapsed", "Your application was not finished", "selling", "The application of {seller} has ended",
            "It was not finished within 30 days. If you still wish to sell, answer the mail about this.",
            "Your business",
        ),
        _must(
            "trader.restricted", "You are out of the shop", "selling", "Nothing of {seller} is sold at the moment",
            "{reason}\n\nOrders that exist go on, and you are paid for them. " + _CONTEST, "Your business",
        ),
        _must(
            "trader.hidden", "Your insurance has run out", "selling", "Nothing of {seller} is sold at the moment",
            "Your public liability insurance has run out. Your listings are out of the shop from today and come back by"
            " themselves when a policy that is in force has been checked. Orders that exist go on.",
            "Your insurance documents",
        ),
        _may(
            "trader.back", "You sell again", "selling", "{seller} sells again",
            "{reason}\n\nYour listings are back in the shop.", "Your listings",
        ),
        _must(
            "trader.notice", "Your contract with us ends", "selling", "Our contract with {seller} ends on {ends}",
            "{reason}\n\nUntil then you sell nothing new; orders that exist go on, and you are paid for them. "
            + _CONTEST,
            "Your business",
        ),
        _must(
            "trader.notice_withdrawn", "Your contract with us goes on", "selling", "Our contract with {seller} goes on",
            "The notice is taken back. {reason}", "Your business",
        ),
        _must(
            "trader.ended", "Your contract with us has ended", "selling", "Our contract with {seller} has ended",
            "The notice is over, and nothing of yours is open. What you are owed is paid to you.", "Your business",
        ),
        _must(
            "trader.document_refused", "We could not take a document", "selling",
            "We could not take a document of {seller}: {document}",
            "{reason}\n\nHand in another one when you have it.", "Your documents",
        ),
        _must(
            "trader.document_ending", "A document runs out", "selling", "{document} of {seller} runs out in {days}",
            "The last day is {last_day}. Add the next one before it, so that we can check it in time.",
            "Your documents",
        ),
        _must(
            "trader.document_ended", "A document has run out", "selling", "{document} of {seller} has run out",
            "It no longer counts.", "Your documents",
        ),
        _must(
            "listing.approved", "Your listing is in the shop", "selling", "{listing} is in the shop",
            "We looked at it on {at} and published it.\n\n{reason}", "Your listing",
        ),
        _must(
            "listing.rejected", "Your listing is not published", "selling", "{listing} is not published",
            "We looked at it on {at} and decided not to publish it.\n\n{reason}", "Your listing",
        ),
        _must(
            "listing.suspended", "Your listing is suspended", "selling", "{listing} is suspended",
            "We took it out of the shop on {at}. Orders that exist go on, and you are paid for them.\n\n{reason}",
            "Your listing",
        ),
        _must(
            "listing.reinstated", "Your listing is back in the shop", "selling", "{listing} is back in the shop",
            "We looked at it again and lifted its suspension on {at}.\n\n{reason}", "Your listing",
        ),
        _must(
            "quote.requested", "Somebody asks for a quote", "orders", "{buyer} asks for a quote: {title}",
            "{buyer} described a job. Make an offer or decline by {answer_by}; after that the request ends.",
            "Read the job",
        ),
        _must(
            "quote.offered", "You have an offer", "orders", "{seller} made you an offer: {title}",
            "The price, the visit and what is included are on the page of the quote. The offer is valid until"
            " {valid_until}.",
            "See the offer",
        ),
        _must(
            "quote.declined", "Your request was declined", "orders", "{seller} makes no offer: {title}",
            "The reason they gave: {reason}",
        ),
        _must(
            "quote.accepted", "Your offer is accepted", "orders", "{buyer} accepted your offer: {title}",
            "They are on the way to paying. You are told again when the payment is held.",
            "See the quote",
        ),
        _must(
            "quote.refused", "A quote is over", "orders", "{buyer} does not want an offer any more: {title}",
            "They took their request back, or your offer was not what they looked for. You need not do anything.",
            "See the quote",
        ),
        _may(
            "quote.reopened", "Your offer is open again", "orders", "{buyer} has not paid: {title}",
            "Nothing is ordered. Your offer stands as before, until the day you gave it.",
            "See the quote",
        ),
        _may(
            "quote.expired", "A quote has run out", "orders", "The quote for {title} has run out",
            "{reason}",
            "See the quote",
        ),
        _may(
            "question.asked", "A question about your listing", "news", "Somebody asks about {title}",
            "A customer wants to know something before they order. An answer often decides it.",
            "Read and answer",
        ),
        _may(
            "question.answered", "Your question is answered", "news", "{seller} answered your question about {title}",
            "The answer is with your questions.",
            "Read the answer",
        ),
        _must(
            "question.hidden", "A question is hidden", "orders", "A question about {title} is hidden",
            "A moderator hid a question about {title} and its answer. The reason they gave: {reason}",
        ),
    )
)  # fmt: skip
"""By their code."""


def event(code: str) -> Event:
    """The event of this code. Raises KeyError: a mistake of ours."""
    return EVENTS[code]


def optional_groups() -> list[str]:
    """Groups with something that may be switched off, in the order of GROUPS."""
    there = {one.group for one in EVENTS.values() if one.may_be_switched_off}
    return [group for group in GROUPS if group in there]
