"""Orders: the list, one of them, what cancelling would come to, and the moves of both parties and of staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import cancellation
from app.services.commerce import order as verbs
from app.services.platform import stored_file
from app.session import session
from models.actor import Actor
from models.commerce.order import Order, OrderState
from models.errors import Invalid, NotAllowed
from models.platform.transition import Transition
from views.api.caller import is_staff, may
from views.api.commerce.order_forms import CancelOrder, DeclineOrder, Delivery, OrderQuery, Share, TermsShape, Why
from views.api.commerce.order_shape import OrderPage, OrderShape, brief, whole
from views.api.commerce.side import BUYER, SELLER, STAFF, Side, acting, order_of, side_of
from views.api.commerce.upload import Kept, kept_files
from views.api.operation import Deed, does, reads
from views.api.paging import page_of
from views.api.shapes import Moved, money
from views.storefront.commerce.party import SHOWN_IN_LISTS
from views.storefront.people.person import current_person

CANCEL = ("Order", "cancel")


@reads("/orders", gives=OrderPage, query=OrderQuery)
def orders(asked: dict[str, Any]) -> dict[str, Any]:
    """Orders the caller is party to (for staff: all), newest first."""
    query = sa.select(Order).where(_mine(asked["side"])).options(*SHOWN_IN_LISTS)
    if asked["state"]:
        query = query.where(Order.state == OrderState[asked["state"]])
    page, following = page_of(session(), query, Order.id, asked)
    return {"items": [brief(row, side_of(row)) for row in page], "next": following}


@reads("/orders/<reference>", gives=OrderShape)
def order(reference: str) -> dict[str, Any]:
    """One order, with its lines, its hold, and the moves the caller has now."""
    found, kind = order_of(reference)
    return whole(session(), found, kind)


@reads("/orders/<reference>/cancellation", gives=TermsShape, query=Share)
def order_cancellation(asked: dict[str, Any], reference: str) -> dict[str, Any]:
    """What cancelling now would come to, nothing changed."""
    found, kind = order_of(reference)
    told = cancellation.terms(session(), found, kind, delivered_bps=asked["delivered_bps"])
    sums = {"back": told.back_minor, "fee": told.fee.total, "to_seller": told.seller_minor}
    shown = {name: money(minor, told.currency) for name, minor in sums.items()}
    return {**shown, "cause": told.cause.name, "sentence": told.sentence}


@does("/orders/<reference>/accept", gives=Moved)
def accept_order(_asked: dict[str, Any], reference: str) -> Deed:
    """The provider takes it on: the contract is concluded."""
    return moving("accept", acting(reference, SELLER), verbs.accept)


@does("/orders/<reference>/decline", takes=DeclineOrder, gives=Moved)
def decline_order(asked: dict[str, Any], reference: str) -> Deed:
    """The provider does not take it: everything goes back to the customer."""
    return moving("decline", acting(reference, SELLER), verbs.decline, code=asked["code"], reason=asked["reason"])


@does("/orders/<reference>/cancel", takes=CancelOrder, gives=Moved)
def cancel_order(asked: dict[str, Any], reference: str) -> Deed:
    """End it before it is delivered; GET …/cancellation says what goes back."""
    side = acting(reference, BUYER, SELLER, STAFF, permission=CANCEL)
    agreed, share = asked["agreed"], asked["delivered_bps"]
    if share is not None and side.actor.kind is not STAFF:
        raise NotAllowed("Only staff say how much of the work is done.")
    if agreed and agreed["currency"] != side.order(session()).currency:
        raise Invalid("Some of that cannot be taken.", {"agreed/currency": "This order is in another currency."})
    return moving(
        "cancel",
        side,
        verbs.cancel,
        reason=asked["reason"],
        delivered_bps=share,
        agreed_minor=agreed["amount_minor"] if agreed else None,
    )


@does("/orders/<reference>/start", gives=Moved)
def start_order(_asked: dict[str, Any], reference: str) -> Deed:
    """The work begins."""
    return moving("start", acting(reference, SELLER), verbs.start)


@does("/orders/<reference>/deliver", takes=Delivery, gives=Moved, files=True)
def deliver_order(asked: dict[str, Any], reference: str) -> Deed:
    """It is done, and here is how it looks."""
    side = acting(reference, SELLER)
    files = kept_files(needed=True)

    def deliver(work: Session, found: Order, *, actor: Actor) -> None:
        proofs = [verbs.Proof(_recorded(work, one), asked["note"]) for one in files]
        verbs.deliver(work, found, actor=actor, proofs=proofs)

    return moving("deliver", side, deliver, besides={"files": [one.sha256 for one in files]})


@does("/orders/<reference>/accept-delivery", gives=Moved)
def accept_delivery(_asked: dict[str, Any], reference: str) -> Deed:
    """The customer is content: what is held is released to the provider."""
    return moving("accept_delivery", acting(reference, BUYER), verbs.accept_delivery)


@does("/orders/<reference>/request-changes", takes=Why, gives=Moved)
def request_changes(asked: dict[str, Any], reference: str) -> Deed:
    """The customer wants it done again, at most three times."""
    return moving("request_changes", acting(reference, BUYER), verbs.request_changes, reason=asked["reason"])


def moving(
    event: str, side: Side, verb: Callable[..., Any], *, besides: dict[str, Any] | None = None, **named: Any
) -> Deed:
    """The Deed of one verb on one order."""

    def run(work: Session) -> dict[str, Any]:
        found = side.order(work)
        done = verb(work, found, actor=side.actor, **named)
        at = done.at if isinstance(done, Transition) else found.state_entered_at
        return {"reference": found.reference, "event": event, "state": found.state.name, "at": at}

    return Deed(side.actor, run, besides or {})


def _recorded(work: Session, one: Kept) -> Any:
    return stored_file.record(work, one.content, media_type=one.media_type, purpose="evidence", original_name=one.name)


def _mine(side: str) -> sa.ColumnElement[bool]:
    """Staff who may read orders see all; a side narrows to the caller's own."""
    person = current_person()
    if is_staff() and may("Order", "read") and not side:
        return sa.true()
    own = [
        column == party.id
        for name, column, party in (
            ("buyer", Order.buyer_organisation_id, person.buying),
            ("seller", Order.seller_organisation_id, person.selling),
        )
        if party is not None and side in {"", name}
    ]
    return sa.or_(sa.false(), *own)
