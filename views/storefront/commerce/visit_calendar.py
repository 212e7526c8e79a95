"""The visit of an order as a calendar file, for both sides."""

from __future__ import annotations

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from app.session import session
from models.actor import ActorKind
from models.commerce.order import Order
from models.commerce.order import OrderState as S
from reports.commerce.visit_calendar import CANCELLED, CONFIRMED, TENTATIVE, Visit, render
from views.storefront.blueprint import storefront
from views.storefront.commerce import party
from views.storefront.guard import customer, provider

OFF = frozenset({S.cancelled, S.declined, S.expired})


@storefront.get("/orders/<reference>/visit.ics")
@customer
def order_visit(reference: str) -> ResponseReturnValue:
    """The customer's: who comes, when."""
    return _send(reference, ActorKind.buyer, "storefront.order")


@storefront.get("/pro/orders/<reference>/visit.ics")
@provider
def pro_order_visit(reference: str) -> ResponseReturnValue:
    """The provider's: where to go, when, and how to get in."""
    return _send(reference, ActorKind.seller, "storefront.pro_order")


def _send(reference: str, side: ActorKind, page: str) -> ResponseReturnValue:
    order = party.order_of(session(), reference, side)
    other = order.seller_organisation.name if side is ActorKind.buyer else order.buyer_organisation.name
    at = url_for(page, reference=order.reference, _external=True)
    body = render(
        Visit(
            uid=f"{order.id}@{request.host.partition(':')[0]}",
            sequence=order.version - 1,
            status=_status(order),
            summary=f"{order.lines[0].title}, {other}",
            description=_description(order, side, at),
            location=", ".join([*order.site_address.splitlines(), order.site_postcode]),
            url=at,
            starts=order.visit_start,
            ends=order.visit_end,
            changed_at=order.state_entered_at,
        )
    )
    answer = Response(body, mimetype="text/calendar")
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8; method=PUBLISH"
    answer.headers["Content-Disposition"] = f'attachment; filename="{order.reference}.ics"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _status(order: Order) -> str:
    if order.state in OFF:
        return CANCELLED
    return TENTATIVE if order.state is S.pending_acceptance else CONFIRMED


def _description(order: Order, side: ActorKind, at: str) -> str:
    lines = [f"Order {order.reference}: {order.state.value.lower()}."]
    if side is ActorKind.seller and order.access_notes:
        lines.append(f"Getting in: {order.access_notes}")
    return "\n".join([*lines, at])
