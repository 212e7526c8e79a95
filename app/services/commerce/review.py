"""Reviews: written after a completed order by both parties, blind until both wrote or fourteen days passed.

Each verb locks the order before the review, as the timer does: two who write at once meet there.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import review_figure
from app.services.commerce.review_figure import Summary
from app.services.platform import clock, machine, timer
from models.actor import Actor, ActorKind
from models.commerce.order import Order, OrderState
from models.commerce.review import BLIND_FOR, SHOWN, WRITE_WITHIN, Review, ReviewState
from models.commerce.review_reply import ReviewReply
from models.commerce.review_report import ReviewReport
from models.errors import Conflict, GuardFailed, Invalid, NotAllowed, NotFound
from models.platform.transition import Transition

LEAST, MOST, MOST_REPLY = 10, 4000, 2000
REPORT_REASONS = {
    "insulting": "It insults or threatens somebody",
    "private": "It shows personal details, like a name or an address",
    "elsewhere": "It is not about this order",
    "advert": "It advertises something",
    "other": "Something else",
}


def refusal(order: Order) -> str:
    """Why neither party may write about this order now; empty when they may."""
    if order.state is not OrderState.completed or order.closed_at is None:
        return "A review is written when the order is completed."
    if clock.now() >= order.closed_at + WRITE_WITHIN:
        return "The 60 days in which both sides could write a review are over."
    return ""


def of_order(session: Session, order: Order) -> dict[str, Review]:
    """What was written about an order, by its author: buyer, seller."""
    rows = session.scalars(sa.select(Review).where(Review.order_id == order.id))
    return {row.author: row for row in rows}


def write(session: Session, order: Order, *, actor: Actor, stars: int, text: str) -> Review:
    """The first words of one side. When the other side has written, both are published with it; after fourteen days it
    is published at once. Raises NotAllowed, GuardFailed, Invalid, Conflict."""
    side = _side(order, actor)
    machine.lock(session, order)
    if why := refusal(order):
        raise GuardFailed(why)
    written = of_order(session, order)
    if side in written:
        raise Conflict("You have written a review of this order already.")
    bought = side == ActorKind.buyer
    assert order.closed_at is not None  # noqa: S101  refusal() said so
    row = Review(
        order_id=order.id,
        author=side,
        author_user_id=actor.user_id,
        author_organisation_id=actor.organisation_id,
        subject_organisation_id=order.seller_organisation_id if bought else order.buyer_organisation_id,
        listing_id=order.lines[0].listing_id if bought else None,
        publish_at=order.closed_at + BLIND_FOR,
        **_valid(stars, text),
    )
    machine.begin(session, row)
    if written or clock.now() >= row.publish_at:
        _publish_all(session, [*written.values(), row])
    return row


def revise(session: Session, review: Review, *, actor: Actor, stars: int, text: str) -> Review:
    """Other stars or words, by the author's side, while nobody else has read it. Raises NotAllowed, Conflict,
    Invalid."""
    order = review.order
    if _side(order, actor) != review.author:
        raise NotAllowed("Only who wrote a review can change it.")
    machine.lock(session, order)
    machine.lock(session, review)
    if review.state is not ReviewState.waiting:
        raise Conflict("Your review is published, so it stays as it is.")
    for name, value in _valid(stars, text).items():
        setattr(review, name, value)
    review.author_user_id = actor.user_id or review.author_user_id
    session.flush()
    return review


@timer.on_timer("order_review", "publish", first=lambda _session, review: review.order)
def publish(session: Session, review: Review, *, actor: Actor) -> Transition:
    """Everybody may read it from now on, and nobody can change it. It counts."""
    review.published_at = clock.now()
    moved = machine.apply(session, review, "publish", actor=actor)
    review_figure.counted(session, review, 1)
    return moved


def reply(session: Session, review: Review, *, actor: Actor, text: str) -> ReviewReply:
    """The one answer of whom it is about. Raises NotAllowed, GuardFailed, Conflict, Invalid."""
    if actor.organisation_id != review.subject_organisation_id or actor.user_id is None:
        raise NotAllowed("Only whom the review is about can reply to it.")
    machine.lock(session, review)
    if review.state not in SHOWN:
        raise GuardFailed("You can reply when the review is published.")
    if review.reply is not None:
        raise Conflict("You have replied already. A reply is written once.")
    words = text.strip()
    if not 0 < len(words) <= MOST_REPLY:
        raise Invalid("The reply was not sent.", {"text": f"Write a reply of at most {MOST_REPLY} characters."})
    row = ReviewReply(review_id=review.id, user_id=actor.user_id, text=words)
    session.add(row)
    session.flush()
    session.refresh(review, ["reply"])
    return row


def report(session: Session, review: Review, *, actor: Actor, code: str, text: str = "") -> ReviewReport:
    """Asks staff to look at it; it stays where it is until they have. Raises NotFound for one that nobody may read,
    Conflict for a second report, Invalid."""
    machine.lock(session, review)
    if review.state not in SHOWN:
        raise NotFound
    if actor.organisation_id is None or actor.user_id is None:
        raise NotAllowed("Sign in to report a review.")
    if actor.organisation_id == review.author_organisation_id:
        raise NotAllowed("This is your own review.")
    wrong = {} if code in REPORT_REASONS else {"code": "Choose a reason."}
    if len(text) > MOST_REPLY or (code == "other" and not text.strip()):
        wrong["text"] = f"Say what is wrong, in at most {MOST_REPLY} characters."
    if wrong:
        raise Invalid("The report was not sent.", wrong)
    if any(one.organisation_id == actor.organisation_id for one in review.reports):
        raise Conflict("You have reported this review already.")
    row = ReviewReport(
        review_id=review.id, organisation_id=actor.organisation_id, user_id=actor.user_id, code=code, text=text.strip()
    )
    session.add(row)
    machine.apply(session, review, "report", actor=actor, reason=REPORT_REASONS[code], detail={"code": code})
    session.refresh(review, ["reports"])
    return row


def hide(session: Session, review: Review, *, actor: Actor, reason: str) -> Transition:
    """Staff take it out of sight and out of the figures; its words stay as they were written."""
    moved = machine.apply(session, review, "hide", actor=actor, reason=_said(reason))
    review_figure.counted(session, review, -1)
    _close_reports(session, review, "hidden")
    return moved


def dismiss(session: Session, review: Review, *, actor: Actor, reason: str) -> Transition:
    """The reports are answered and the review stands."""
    moved = machine.apply(session, review, "dismiss", actor=actor, reason=_said(reason))
    _close_reports(session, review, "dismissed")
    return moved


def restore(session: Session, review: Review, *, actor: Actor, reason: str) -> Transition:
    """A hidden review is shown again, and counts again."""
    moved = machine.apply(session, review, "restore", actor=actor, reason=_said(reason))
    review_figure.counted(session, review, 1)
    return moved


def summary(session: Session, *, organisation_id: UUID) -> Summary:
    """What buyers gave this seller."""
    return review_figure.summary(session, "seller", organisation_id)


def readable(review: Review, organisation_id: UUID | None) -> bool:
    """Whether somebody of this organisation may read the words: everybody once published, before and after that only
    the author."""
    return review.shown or (organisation_id is not None and organisation_id == review.author_organisation_id)


def closes_at(order: Order) -> datetime | None:
    """Until when both sides may write, None before completion."""
    return order.closed_at + WRITE_WITHIN if order.state is OrderState.completed and order.closed_at else None


def _publish_all(session: Session, rows: list[Review]) -> None:
    for row in sorted(rows, key=lambda one: one.author):
        machine.lock(session, row)
        if row.state is ReviewState.waiting:
            publish(session, row, actor=Actor.system("review"))


def _side(order: Order, actor: Actor) -> str:
    own = {ActorKind.buyer: order.buyer_organisation_id, ActorKind.seller: order.seller_organisation_id}
    if actor.user_id is None or actor.organisation_id is None or own.get(actor.kind) != actor.organisation_id:
        raise NotAllowed("Only the two parties of an order can review it.")
    return actor.kind.value


def _valid(stars: int, text: str) -> dict[str, int | str]:
    words, wrong = text.strip(), {}
    if stars not in range(1, 6):
        wrong["stars"] = "Choose one to five stars."
    if not LEAST <= len(words) <= MOST:
        wrong["text"] = f"Say in a sentence or two how it was, in {LEAST} to {MOST} characters."
    if wrong:
        raise Invalid("The review was not saved.", wrong)
    return {"stars": stars, "text": words}


def _said(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Say why.", {"reason": "Say why, for the history."})
    return reason.strip()


def _close_reports(session: Session, review: Review, outcome: str) -> None:
    for one in review.reports:
        if not one.outcome:
            one.outcome, one.closed_at = outcome, clock.now()
    session.flush()
