"""The reviews of one order as one of its sides sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.services.commerce import review as reviews
from app.services.commerce import review_figure
from app.services.commerce.review_figure import Summary
from models.actor import ActorKind
from models.commerce.order import Order
from views.storefront.review_block import Said, told


@dataclass(frozen=True, slots=True)
class OrderReviews:
    """What one side of an order sees: its own review, the other's when it may be read, and what can be done."""

    mine: Said | None
    theirs: Said | None
    other_wrote: bool
    other: str
    closes_at: datetime | None
    refusal: str
    customer: Summary | None


def of_order(session: Session, order: Order, side: ActorKind) -> OrderReviews:
    """As this side of the order sees it."""
    rows = reviews.of_order(session, order)
    own = side is ActorKind.buyer
    me, them = order.buyer_organisation, order.seller_organisation
    if not own:
        me, them = them, me
    mine, theirs = rows.get(side.value), rows.get("seller" if own else "buyer")
    return OrderReviews(
        mine=told(mine) if mine else None,
        theirs=told(theirs) if theirs and reviews.readable(theirs, me.id) else None,
        other_wrote=theirs is not None,
        other=them.name,
        closes_at=reviews.closes_at(order),
        refusal=reviews.refusal(order),
        customer=None if own else review_figure.summary(session, "buyer", them.id),
    )
