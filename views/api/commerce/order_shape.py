"""An order as JSON: the same facts as its page, and the moves its reader has, refused ones with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy.orm import Session, joinedload

from app.services.platform.machine import choices
from models.actor import ActorKind
from models.commerce.document import Document
from models.commerce.escrow import Escrow
from models.commerce.evidence import Evidence
from models.commerce.order import Order
from views.api.commerce.file_shape import EvidenceShape, PaperShape, evidence_shape, paper_shape
from views.api.commerce.line import LineShape, line_shape
from views.api.shapes import Gives, Moment, Money, money

Filed = TypeVar("Filed", Document, Evidence)
ADDRESSES = {
    "accept": "accept",
    "decline": "decline",
    "cancel": "cancel",
    "start": "start",
    "deliver": "deliver",
    "accept_delivery": "accept-delivery",
    "request_changes": "request-changes",
    "open_dispute": "report-problem",
}
"""The last part of a move's address, by its event."""


class OrderParty(Gives):
    """Who stands on a side."""

    name = fields.String()
    slug = fields.String()


class VisitShape(Gives):
    """When they come; `zone` is the one people read it in."""

    starts_at = Moment()
    ends_at = Moment()
    zone = fields.String()


class SiteShape(Gives):
    """Where the work is."""

    address = fields.String()
    postcode = fields.String()
    access_notes = fields.String()


class HoldShape(Gives):
    """The protected payment hold: what is in it now, and where the rest went."""

    state = fields.String()
    held = fields.Nested(Money)
    released = fields.Nested(Money)
    refunded = fields.Nested(Money)
    charged_back = fields.Nested(Money)


class MoveShape(Gives):
    """A move out of the present state. `refusal` says why it is not open now, null when it is."""

    event = fields.String()
    href = fields.String()
    refusal = fields.String(allow_none=True)


class OrderBrief(Gives):
    """A line of a list. `side` is the reader's: buyer, seller or operator."""

    reference = fields.String()
    state = fields.String()
    side = fields.String()
    title = fields.String()
    buyer = fields.Nested(OrderParty)
    seller = fields.Nested(OrderParty)
    total = fields.Nested(Money)
    visit = fields.Nested(VisitShape)
    paid_at = Moment()


class OrderShape(OrderBrief):
    """The whole order. `accept_by` is the seller's clock."""

    lines = fields.List(fields.Nested(LineShape))
    fee = fields.Nested(Money)
    site = fields.Nested(SiteShape)
    hold = fields.Nested(HoldShape)
    accept_by = Moment()
    accepted_at = Moment(allow_none=True)
    started_at = Moment(allow_none=True)
    delivered_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    change_rounds = fields.Integer()
    documents = fields.List(fields.Nested(PaperShape))
    evidence = fields.List(fields.Nested(EvidenceShape))
    moves = fields.List(fields.Nested(MoveShape))


class OrderPage(Gives):
    """`next` fetches the next page (as `before`), null on the last."""

    items = fields.List(fields.Nested(OrderBrief))
    next = fields.String(allow_none=True)


def brief(order: Order, kind: ActorKind) -> dict[str, Any]:
    """Reads nothing but what SHOWN_IN_LISTS brought."""
    sides = {"buyer": order.buyer_organisation, "seller": order.seller_organisation}
    return {
        "reference": order.reference,
        "state": order.state.name,
        "side": kind.value,
        "title": order.lines[0].title,
        **{side: {"name": party.name, "slug": party.slug} for side, party in sides.items()},
        "total": money(order.total_minor, order.currency),
        "visit": {"starts_at": order.visit_start, "ends_at": order.visit_end, "zone": order.visit_zone},
        "paid_at": order.captured_at,
    }


def whole(session: Session, order: Order, kind: ActorKind) -> dict[str, Any]:
    """Everything the reader may know of it."""
    hold = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one()
    return {
        **brief(order, kind),
        "lines": [line_shape(line, order.currency, commission=kind is not ActorKind.buyer) for line in order.lines],
        "fee": money(order.fee_net_minor + order.fee_vat_minor, order.currency),
        "site": {"address": order.site_address, "postcode": order.site_postcode, "access_notes": order.access_notes},
        "hold": _hold(hold),
        "accept_by": order.accept_by,
        "accepted_at": order.accepted_at,
        "started_at": order.started_at,
        "delivered_at": order.delivered_at,
        "closed_at": order.closed_at,
        "change_rounds": order.change_rounds,
        "documents": [paper_shape(one, kind) for one in _files(session, Document, order)],
        "evidence": [evidence_shape(one, kind) for one in _files(session, Evidence, order)],
        "moves": _moves(session, order, kind),
    }


def _files(session: Session, model: type[Filed], order: Order) -> Sequence[Filed]:
    mine = sa.select(model).where(model.order_id == order.id).options(joinedload(model.stored_file))
    return session.scalars(mine.order_by(model.id)).all()


def _hold(hold: Escrow) -> dict[str, Any]:
    sums = {
        "held": hold.remaining_minor,
        "released": hold.released_minor,
        "refunded": hold.refunded_minor,
        "charged_back": hold.charged_back_minor,
    }
    return {"state": hold.state.name, **{name: money(minor, hold.currency) for name, minor in sums.items()}}


def _moves(session: Session, order: Order, kind: ActorKind) -> list[dict[str, Any]]:
    open_moves = [one for one in choices(session, order, kind) if one.move.event in ADDRESSES]
    return [
        {
            "event": one.move.event,
            "href": f"/api/v1/orders/{order.reference}/{ADDRESSES[one.move.event]}",
            "refusal": one.refusal or None,
        }
        for one in open_moves
    ]
