"""Who is told what of an order: one place that follows the moves. The move only asks for it, once per history row; a
job works out the words afterwards, so that no mail can keep money from moving."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.outbox import send
from app.services.commerce.dispute import OBJECT_WITHIN
from app.services.platform import machine, notification
from models.actor import ActorKind
from models.commerce.chargeback import Chargeback
from models.commerce.checkout import Checkout
from models.commerce.dispute import Dispute
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.refund import Refund
from models.commerce.review import Review, ReviewState
from models.lifecycle import Lifecycle
from models.platform.transition import Transition
from reports.layout.formats import window

BUYER, SELLER = ActorKind.buyer.value, ActorKind.seller.value
BOTH = (BUYER, SELLER)
OTHER = {BUYER: (SELLER,), SELLER: (BUYER,)}
NO_REASON = "none was given."
ANSWER, INFORMATION, PROPOSAL = "no_answer", "no_info", "no_agreement"

ORDER_NEWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "begin": ("order.placed", (SELLER,)),
    "accept": ("order.accepted", (BUYER,)),
    "decline": ("order.declined", (BUYER,)),
    "start": ("order.started", (BUYER,)),
    "deliver": ("order.delivered", (BUYER,)),
    "request_changes": ("order.changes_requested", (SELLER,)),
    "accept_delivery": ("order.completed", BOTH),
    "cancel": ("order.cancelled", ()),
    "lapse": ("", ()),
    "hold_limit": ("order.cancelled", BOTH),
    "hold_ran_out": ("order.cancelled", BOTH),
    "charged_back": ("order.cancelled", BOTH),
}
"""Event of the order: what is told, and whom; nobody named: the other side than the one that acted."""
LAPSED = {"expired": ("order.expired", (BUYER,)), "completed": ("order.completed", BOTH)}
PROBLEM_NEWS = {
    "begin": "problem.reported",
    "respond": "problem.answered",
    "request_info": "problem.asked",
    "propose": "problem.proposed",
    "propose_by_rule": "problem.proposed",
    "accept_both": "problem.decided",
    "decide_refund": "problem.decided",
    "decide_release": "problem.decided",
    "decide_split": "problem.decided",
    "withdraw": "problem.withdrawn",
}
REVIEW_NEWS = {"begin": "review.waiting", "publish": "review.published", "hide": "review.hidden"}
REFUND_NEWS = {"psp_succeeded": "refund.sent", "psp_failed": "refund.failed", "psp_failed_late": "refund.failed"}


@machine.follow("order", *ORDER_NEWS)
@machine.follow("dispute", *PROBLEM_NEWS)
@machine.follow("refund", *REFUND_NEWS)
@machine.follow("chargeback", "begin")
@machine.follow("order_review", *REVIEW_NEWS)
def ask(session: Session, row: Lifecycle, event: str, moved: int) -> None:
    """Asks for the news of one move; the key is its history row."""
    noun = row.machine.name
    send(
        session,
        "commerce.news.tell",
        key=f"news:{noun}:{row.id}:{event}:{moved}",
        payload={"noun": noun, "subject_id": str(row.id), "event": event, "moved": moved},
    )


def tell(session: Session, *, noun: str, subject_id: UUID, event: str, moved: int) -> None:
    """Tells whoever it concerns. `moved` is the history row's id, 0 for a row that began."""
    past = session.get(Transition, moved) if moved else None
    _TELLERS[noun](session, subject_id, event, past)


def _of_order(session: Session, subject_id: UUID, event: str, past: Transition | None) -> None:
    order = session.get_one(Order, subject_id)
    code, whom = ORDER_NEWS[event]
    if past is not None and event == "lapse":
        code, whom = LAPSED.get(past.to_state, ("order.cancelled", BOTH))
    if past is not None and event == "hold_limit" and past.to_state == "disputed":
        return  # the problem that this opens is told
    if past is not None and not whom:
        whom = OTHER.get(past.actor_kind, BOTH)
    words = {**_order_words(order), "reason": _reason(past)}
    if order.delivered_at:
        words["decide_by"] = order.delivered_at + OBJECT_WITHIN
    _tell(session, order, code, whom, words, key=_key("order", subject_id, event, past))


def _of_problem(session: Session, subject_id: UUID, event: str, past: Transition | None) -> None:
    row = session.get_one(Dispute, subject_id)
    order, opener = row.order, row.opened_by
    whom: tuple[str, ...] = BOTH
    if event in {"begin", "withdraw"}:
        whom = OTHER.get(opener, BOTH)
    elif event == "respond":
        whom = (opener,) if opener in BOTH else BOTH
    elif event == "request_info":
        whom = (str((past.detail if past else {}).get("party", "")),)
    since = past.at if past else row.created_at
    waits = next((one.timer.after for one in row.machine.moves if one.timer and one.event == _WAITS.get(event)), None)
    words = {**_order_words(order), "reason": _report(row), "reporter": _reporter(order, opener)}
    if waits is not None:
        words["answer_by"] = since + waits
    key = _key("dispute", subject_id, event, past)
    _tell(session, order, PROBLEM_NEWS[event], whom, words, key=key, below="/problem")


def _of_refund(session: Session, subject_id: UUID, event: str, past: Transition | None) -> None:
    row = session.get_one(Refund, subject_id)
    words: dict[str, Any] = {"amount": (row.amount_minor, row.currency)}
    key = _key("refund", subject_id, event, past)
    if row.order_id is not None:
        order = session.get_one(Order, row.order_id)
        _tell(session, order, REFUND_NEWS[event], (BUYER,), {**_order_words(order), **words}, key=key)
        return
    payment = session.get_one(Payment, row.payment_id)  # paid after the checkout was over: there is no order
    checkout = session.get_one(Checkout, payment.checkout_id)
    words["order"] = "Your late payment"
    buyer = checkout.buyer_organisation_id
    notification.tell(session, REFUND_NEWS[event], to=buyer, words=words, link="/orders", key=key)


def _of_chargeback(session: Session, subject_id: UUID, event: str, past: Transition | None) -> None:
    row = session.get_one(Chargeback, subject_id)
    if row.order is None:
        return
    words = {**_order_words(row.order), "amount": (row.amount_minor, row.currency)}
    _tell(session, row.order, "chargeback.opened", (SELLER,), words, key=_key("chargeback", subject_id, event, past))


def _of_review(session: Session, subject_id: UUID, event: str, past: Transition | None) -> None:
    row = session.get_one(Review, subject_id)
    if event == "begin" and row.state is not ReviewState.waiting:
        return  # the second of two: both are published, and that is told
    whom = (row.author,) if event == "hide" else OTHER[row.author]
    words = {**_order_words(row.order), "who": row.author_organisation.name, "reason": _reason(past)}
    key = _key("order_review", subject_id, event, past)
    _tell(session, row.order, REVIEW_NEWS[event], whom, words, key=key, below="/review")


_TELLERS: dict[str, Callable[[Session, UUID, str, Transition | None], None]] = {
    "order": _of_order,
    "dispute": _of_problem,
    "refund": _of_refund,
    "chargeback": _of_chargeback,
    "order_review": _of_review,
}
_WAITS = {
    "begin": ANSWER,
    "request_info": INFORMATION,
    "propose": PROPOSAL,
    "propose_by_rule": PROPOSAL,
}
"""The timer that runs for whoever is asked, by the event that asks."""


def _tell(
    session: Session,
    order: Order,
    code: str,
    whom: tuple[str, ...],
    words: dict[str, Any],
    *,
    key: str,
    below: str = "",
) -> None:
    """Each side by its own page; a person on both sides is told of each."""
    sides = {
        BUYER: (order.buyer_organisation_id, f"/orders/{order.reference}{below}"),
        SELLER: (order.seller_organisation_id, f"/pro/orders/{order.reference}{below}"),
    }
    for party in whom:
        to, link = sides[party]
        total = order.gross_minor if party == SELLER else order.total_minor
        said = {**words, "total": (total, order.currency)}
        notification.tell(session, code, to=to, words=said, link=link, key=f"{key}:{party}")


def _order_words(order: Order) -> dict[str, Any]:
    first, *more = [line.title for line in order.lines]
    return {
        "order": order.reference,
        "title": f"{first} and {len(more)} more" if more else first,
        "buyer": order.buyer_organisation.name,
        "seller": order.seller_organisation.name,
        "when": window(order.visit_start, order.visit_end, order.visit_zone),
        "accept_by": order.accept_by,
    }


def _reason(past: Transition | None) -> str:
    return (past.reason.strip() if past else "") or NO_REASON


def _report(row: Dispute) -> str:
    return row.statements[0].text if row.statements else NO_REASON


def _reporter(order: Order, opener: str) -> str:
    sides = {BUYER: order.buyer_organisation.name, SELLER: order.seller_organisation.name}
    return sides.get(opener, "We")


def _key(noun: str, subject_id: UUID, event: str, past: Transition | None) -> str:
    return f"{noun}:{subject_id}:{event}:{past.id if past else 0}"
