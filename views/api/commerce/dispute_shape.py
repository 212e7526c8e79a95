"""A problem as JSON: what was said, what was proposed, and what the reader can do about it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from app.services.platform.machine import choices
from models.actor import ActorKind
from models.commerce.dispute import Dispute
from models.commerce.dispute_statement import DisputeStatement
from models.commerce.order import Order
from views.api.commerce.file_shape import FileShape, file_shape
from views.api.commerce.order_shape import MoveShape
from views.api.shapes import Gives, Moment, Money, money

ADDRESSES = {
    "respond": "respond",
    "withdraw": "withdraw",
    "provide": "provide",
    "agree": "agree",
    "reject": "reject",
    "take_up": "take-up",
    "request_info": "request-info",
    "propose": "propose",
    "decide_refund": "decide",
    "decide_release": "decide",
    "decide_split": "decide",
}
"""The last part of a move's address, by its event. What a decision comes to follows from its sum."""


class StatementFile(FileShape):
    """A photo or a document that was shown."""

    note = fields.String()


class StatementShape(Gives):
    """What somebody said; `party` is buyer, seller, operator or system."""

    party = fields.String()
    kind = fields.String()
    text = fields.String()
    at = Moment()
    files = fields.List(fields.Nested(StatementFile))


class ProposalShape(Gives):
    """The proposal that stands; `version` is what agreeing to it names."""

    version = fields.Integer()
    buyer = fields.Nested(Money)
    buyer_agreed = fields.Boolean()
    seller_agreed = fields.Boolean()


class DisputeShape(Gives):
    """`decided` is what went back to the customer. `asked_party` is whose answer staff wait for."""

    reference = fields.String()
    state = fields.String()
    opened_by = fields.String()
    code = fields.String()
    asked_party = fields.String(allow_none=True)
    proposal = fields.Nested(ProposalShape, allow_none=True)
    decided = fields.Nested(Money, allow_none=True)
    reasons = fields.String()
    opened_at = Moment()
    closed_at = Moment(allow_none=True)
    statements = fields.List(fields.Nested(StatementShape))
    moves = fields.List(fields.Nested(MoveShape))


def whole(session: Session, order: Order, row: Dispute, kind: ActorKind) -> dict[str, Any]:
    """Both parties and staff read the same."""
    proposed, decided = row.proposed_minor, row.decided_minor
    return {
        "reference": order.reference,
        "state": row.state.name,
        "opened_by": row.opened_by,
        "code": row.code,
        "asked_party": row.asked_party,
        "proposal": None if proposed is None else _proposal(row, money(proposed, order.currency)),
        "decided": None if decided is None else money(decided, order.currency),
        "reasons": row.reasons,
        "opened_at": row.created_at,
        "closed_at": row.closed_at,
        "statements": [_statement(one, kind) for one in row.statements],
        "moves": _moves(session, order, row, kind),
    }


def _proposal(row: Dispute, buyer: dict[str, Any]) -> dict[str, Any]:
    agreed = {"buyer_agreed": row.buyer_agreed, "seller_agreed": row.seller_agreed}
    return {"version": row.proposals, "buyer": buyer, **agreed}


def _statement(said: DisputeStatement, kind: ActorKind) -> dict[str, Any]:
    files = [{**file_shape(one, kind), "note": one.note} for one in said.files]
    return {"party": said.party, "kind": said.kind.name, "text": said.text, "at": said.created_at, "files": files}


def _moves(session: Session, order: Order, row: Dispute, kind: ActorKind) -> list[dict[str, Any]]:
    """Whether a decision is another person's to make is known when its sum is: staff read it in the refusal."""
    by = kind if kind is not ActorKind.operator else None
    return [
        {
            "event": one.move.event,
            "href": f"/api/v1/orders/{order.reference}/problem/{ADDRESSES[one.move.event]}",
            "refusal": one.refusal or None,
        }
        for one in choices(session, row, kind, by=by)
        if one.move.event in ADDRESSES
    ]
