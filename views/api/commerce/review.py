"""Reviews of an order: written blind by both parties, answered once, reported by whoever may read them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from app.services.commerce import review as verbs
from app.session import session
from models.actor import Actor
from models.commerce.order import Order
from models.commerce.review import Review
from models.errors import NotAllowed, NotFound
from views.api.catalogue.review_shape import ReviewShape, review_shape
from views.api.commerce.side import BUYER, SELLER, acting, order_of
from views.api.operation import Deed, does, reads
from views.api.shapes import Gives, Moment, Takes, text
from views.storefront.commerce.review_board import readable_by
from views.storefront.people.person import current_person


class Written(Takes):
    """One to five stars, and a sentence or two."""

    stars = fields.Integer(required=True, strict=True, validate=validate.Range(1, 5))
    text = text(verbs.MOST, required=True, least=verbs.LEAST)


class Answered(Takes):
    """The one reply."""

    text = text(verbs.MOST_REPLY, required=True, least=1)


class Reported(Takes):
    """`code` says what is wrong with it, from the published list; `other` needs a sentence."""

    code = fields.String(required=True, validate=validate.OneOf(list(verbs.REPORT_REASONS)))
    text = text(verbs.MOST_REPLY)


class OwnReview(ReviewShape):
    """The caller's own; `state` is waiting until both have written or it is `until`."""

    state = fields.String()
    until = Moment()


class OrderReviewShape(Gives):
    """What one side of an order sees: `theirs` only when it may be read; `refusal` says why nobody can write now."""

    mine = fields.Nested(OwnReview, allow_none=True)
    theirs = fields.Nested(ReviewShape, allow_none=True)
    other_wrote = fields.Boolean()
    closes_at = Moment(allow_none=True)
    refusal = fields.String()


class ReviewDone(Gives):
    """What came of it."""

    id = fields.UUID()
    state = fields.String()


@reads("/orders/<reference>/review", gives=OrderReviewShape)
def review_of_order(reference: str) -> dict[str, Any]:
    """The reviews of an order as the caller's side sees them."""
    order, side = order_of(reference)
    if side not in {BUYER, SELLER}:
        raise NotAllowed("Only the two parties of an order review it.")
    rows = verbs.of_order(session(), order)
    own = order.buyer_organisation_id if side is BUYER else order.seller_organisation_id
    mine, theirs = rows.get(side.value), rows.get("seller" if side is BUYER else "buyer")
    return {
        "mine": {**review_shape(mine), "state": mine.state.name, "until": mine.publish_at} if mine else None,
        "theirs": review_shape(theirs) if theirs and verbs.readable(theirs, own) else None,
        "other_wrote": theirs is not None,
        "closes_at": verbs.closes_at(order),
        "refusal": verbs.refusal(order),
    }


@does("/orders/<reference>/review", takes=Written, gives=ReviewDone, status=HTTPStatus.CREATED)
def write_review(asked: dict[str, Any], reference: str) -> Deed:
    """Write about the other side of a completed order, or change it while it waits."""

    def write(work: Session, order: Order, actor: Actor) -> Review:
        mine = verbs.of_order(work, order).get(actor.kind.value)
        if mine is None:
            return verbs.write(work, order, actor=actor, **asked)
        return verbs.revise(work, mine, actor=actor, **asked)

    return _doing(reference, write)


@does("/orders/<reference>/review/reply", takes=Answered, gives=ReviewDone)
def reply_to_review(asked: dict[str, Any], reference: str) -> Deed:
    """Answer what the other side wrote, once."""

    def reply(work: Session, order: Order, actor: Actor) -> Review:
        theirs = verbs.of_order(work, order).get("seller" if actor.kind is BUYER else "buyer")
        if theirs is None or not theirs.shown:
            raise NotFound("There is no such review.")
        verbs.reply(work, theirs, actor=actor, text=asked["text"])
        return theirs

    return _doing(reference, reply)


@does("/reviews/<uuid:review_id>/report", takes=Reported, gives=ReviewDone)
def report_review(asked: dict[str, Any], review_id: UUID) -> Deed:
    """Ask staff to look at a review that the caller may read."""
    person = current_person()
    if person.buying is None:
        raise NotFound("There is no such review.")
    readable_by(session(), person, review_id)
    actor = person.buyer()

    def run(work: Session) -> dict[str, Any]:
        row = readable_by(work, person, review_id)
        verbs.report(work, row, actor=actor, **asked)
        return {"id": row.id, "state": row.state.name}

    return Deed(actor, run)


def _doing(reference: str, verb: Callable[[Session, Order, Actor], Review]) -> Deed:
    side = acting(reference, BUYER, SELLER)

    def run(work: Session) -> dict[str, Any]:
        row = verb(work, side.order(work), side.actor)
        return {"id": row.id, "state": row.state.name}

    return Deed(side.actor, run)
