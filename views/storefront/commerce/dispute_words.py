"""What the page of a problem says in each state, to whoever must act and to whoever waits. Sentences only."""

from __future__ import annotations

from dataclasses import dataclass

from models.commerce.dispute import DisputeState as S
from models.commerce.dispute_statement import StatementKind as K


@dataclass(frozen=True, slots=True)
class Words:
    """`title` says what is wanted, `lede` what comes next and by when. Braces name facts of dispute_story.py."""

    title: str
    lede: str
    tone: str = "danger"


MINE: dict[S, Words] = {
    S.open: Words(
        "{opener} reported a problem. Tell your side",
        "Answer by {until}. After that we go on without your answer. {held} stays frozen meanwhile.",
        "held",
    ),
    S.awaiting_info: Words(
        "We need something from you",
        "Our question is below. Answer by {until}; after that we go on without it. {held} stays frozen meanwhile.",
        "held",
    ),
    S.proposed: Words(
        "There is a proposal. Do you agree?",
        "If both of you agree by {until}, it is carried out at once. If not, we go on and decide.",
        "held",
    ),
}
"""When the next step is the reader's."""

THEIRS: dict[S, Words] = {
    S.open: Words(
        "{other} has been asked for their side",
        "They answer by {until}. After that we look at it, with their answer or without. {held} stays frozen.",
    ),
    S.under_review: Words(
        "We are looking into it",
        "A person reads what both sides said, and then asks, proposes or decides. If nothing is proposed by {until}, a "
        "proposal is made by rule. {held} stays frozen.",
    ),
    S.awaiting_info: Words(
        "We asked {other} for something",
        "They answer by {until}. After that we go on without it. {held} stays frozen.",
    ),
    S.proposed: Words(
        "You agreed to the proposal",
        "{other} has until {until}. If they agree too, it is carried out at once. {held} stays frozen until then.",
    ),
    S.decided_refund: Words("It is settled: everything goes back", "{decided}", "ok"),
    S.decided_release: Words("It is settled: everything is released", "{decided}", "ok"),
    S.decided_split: Words("It is settled: the money is divided", "{decided}", "ok"),
    S.withdrawn: Words("The problem was taken back", "The order goes on from where it was.", "info"),
    S.closed_by_order: Words("The problem ended with the order", "The order ended before anybody decided.", "info"),
}
"""When somebody else's step is next, or none is."""

SAID: dict[K, str] = {
    K.report: "reported the problem",
    K.answer: "answered",
    K.question: "asked",
    K.information: "answered our question",
    K.proposal: "made a proposal",
    K.agreement: "agreed",
    K.objection: "did not agree",
    K.note: "added",
    K.reasons: "decided, for these reasons",
}
PARTY = {"buyer": "the customer", "seller": "the provider"}
"""Whom a question went to."""

BUYER_CODES = ("nobody_came", "not_done", "poor_work", "damage", "not_as_agreed", "other")
SELLER_CODES = ("no_access", "not_as_agreed", "damage", "other")
"""What each side may choose from: a customer is not asked whether the site could be reached."""
BY_CLOCK = "The hold was getting too old"
