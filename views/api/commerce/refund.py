"""Refunds: both parties and staff read them; staff ask for them, and another person approves."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.services.commerce import refund, refund_request
from app.session import session
from models.actor import Actor
from models.commerce.order import Order
from models.commerce.refund import Refund, RefundCause
from models.errors import Invalid, NotFound
from views.api.caller import demand, is_staff, may, operator
from views.api.commerce.refund_forms import AskRefund, Reason, RefundMoved, RefundPage, RefundQuery, RefundShape
from views.api.commerce.side import STAFF, acting
from views.api.operation import Deed, does, reads
from views.api.shapes import money
from views.storefront.people.person import current_person

BEFORE = "Send the `next` of the page before."


@reads("/refunds", gives=RefundPage, query=RefundQuery)
def refunds(asked: dict[str, Any]) -> dict[str, Any]:
    """Refunds of the caller's orders (for staff: all), newest first."""
    query = _visible()
    if asked["order"]:
        query = query.where(Order.reference == asked["order"].upper())
    if asked["before"]:
        query = query.where(Refund.id < _uuid(asked["before"]))
    rows = list(session.scalars(query.order_by(Refund.id.desc()).limit(asked["limit"] + 1)))
    page = rows[: asked["limit"]]
    return {"items": [_shape(row) for row in page], "next": str(page[-1].id) if len(rows) > len(page) else None}


@reads("/refunds/<uuid:refund_id>", gives=RefundShape)
def one_refund(refund_id: UUID) -> dict[str, Any]:
    """One refund."""
    return _shape(_found(session(), refund_id))


@does("/orders/<reference>/refunds", takes=AskRefund, gives=RefundMoved, status=HTTPStatus.CREATED)
def request_refund(asked: dict[str, Any], reference: str) -> Deed:
    """Staff ask for a refund; nothing moves before another person approves it."""
    side = acting(reference, STAFF, permission=("Refund", "request"))

    def run(work: Session) -> dict[str, Any]:
        order = side.order(work)
        row = refund_request.request(
            work,
            order,
            lines=_lines(work, order, asked),
            fee=asked["fee"],
            cause=RefundCause[asked["cause"]],
            reason=asked["reason"],
            actor=side.actor,
        )
        return _moved(row, "request")

    return Deed(side.actor, run)


@does("/refunds/<uuid:refund_id>/approve", gives=RefundMoved)
def approve_refund(_asked: dict[str, Any], refund_id: UUID) -> Deed:
    """Another person than the one who asked says yes: it is posted and sent."""
    return _deciding("approve", refund_id, "approve", refund_request.approve)


@does("/refunds/<uuid:refund_id>/reject", takes=Reason, gives=RefundMoved)
def reject_refund(asked: dict[str, Any], refund_id: UUID) -> Deed:
    """No, and why."""
    return _deciding("reject", refund_id, "approve", refund_request.reject, reason=asked["reason"])


@does("/refunds/<uuid:refund_id>/retry", gives=RefundMoved)
def retry_refund(_asked: dict[str, Any], refund_id: UUID) -> Deed:
    """Once more, after the provider said that the last attempt failed."""
    return _deciding("retry", refund_id, "retry", refund.retry)


def _deciding(event: str, refund_id: UUID, permission: str, verb: Callable[..., Any], **named: Any) -> Deed:
    _found(session(), refund_id)
    demand("Refund", permission)
    actor: Actor = operator()

    def run(work: Session) -> dict[str, Any]:
        row = work.get_one(Refund, refund_id)
        verb(work, row, actor=actor, **named)
        return _moved(row, event)

    return Deed(actor, run)


def _lines(work: Session, order: Order, asked: dict[str, Any]) -> dict[UUID, int]:
    given = [asked["amount"]] if asked["amount"] else [part["amount"] for part in asked["lines"]]
    if any(one["currency"] != order.currency for one in given):
        raise Invalid("Some of that cannot be taken.", {"amount": "This order is in another currency."})
    if asked["amount"]:
        return refund_request.by_amount(work, order, asked["amount"]["amount_minor"])
    return {part["line"]: part["amount"]["amount_minor"] for part in asked["lines"]}


def _visible() -> sa.Select[Refund]:
    """Staff who may read refunds see all, others those of their own orders."""
    query = sa.select(Refund).outerjoin(Order, Order.id == Refund.order_id).options(joinedload(Refund.order))
    if is_staff() and may("Refund", "read"):
        return query
    person = current_person()
    own = [
        column == party.id
        for column, party in (
            (Order.buyer_organisation_id, person.buying),
            (Order.seller_organisation_id, person.selling),
        )
        if party is not None
    ]
    return query.where(sa.or_(sa.false(), *own))


def _found(work: Session, refund_id: UUID) -> Refund:
    found = work.scalars(_visible().where(Refund.id == refund_id)).first()
    if found is None:
        raise NotFound("There is no such refund.")
    return found


def _shape(row: Refund) -> dict[str, Any]:
    return {
        "id": row.id,
        "order": row.order.reference if row.order else None,
        "state": row.state.name,
        "cause": row.cause.name,
        "amount": money(row.amount_minor, row.currency),
        "fee": money(row.fee_net_minor + row.fee_vat_minor, row.currency),
        "reason": row.reason,
        "asked_at": row.created_at,
    }


def _moved(row: Refund, event: str) -> dict[str, Any]:
    return {"id": row.id, "event": event, "state": row.state.name, "amount": money(row.amount_minor, row.currency)}


def _uuid(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError:
        raise Invalid("That is not the `next` of a page.", {"before": BEFORE}) from None
