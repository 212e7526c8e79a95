"""The conversation of an order as staff read it: never changed, and every look at it is noted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import audit_trail
from app.services.commerce import order_message
from app.session import session
from app.unit_of_work import unit_of_work
from models.commerce.order import Order
from models.commerce.order_message import OrderMessage
from models.commerce.order_message_file import OrderMessageFile
from views.base import operator
from views.console.commerce.file import download
from views.interface import Interface
from views.record import names_of


def how_many(work: Session, order: Order) -> int:
    """Messages of both sides."""
    return work.scalar(sa.select(sa.func.count()).where(OrderMessage.order_id == order.id)) or 0


def looked_at(order: Order) -> dict[str, Any]:
    """All of them with the names of who wrote; the look is in the audit trail before anything is shown."""
    key = order.id
    with unit_of_work(operator(), verb="order_message.read") as work:
        audit_trail.note(work, "sales_order", str(key), {"messages": how_many(work, order)})
    rows = order_message.of_order(session(), order)
    return {
        "rows": rows,
        "names": names_of(session(), [one.user_id for one in rows]),
        "sides": {"buyer": order.buyer_organisation.name, "seller": order.seller_organisation.name},
    }


def file(order: Order, file_id: str) -> ResponseReturnValue:
    """A file of this order's messages; anything else is not found."""
    mine = sa.select(OrderMessageFile).join(OrderMessage, OrderMessage.id == OrderMessageFile.message_id)
    key = Interface(OrderMessageFile).key(file_id)
    found = session.scalar(mine.where(OrderMessage.order_id == order.id, OrderMessageFile.id == key))
    if found is None:
        abort(404)
    with unit_of_work(operator(), verb="order_message.download") as work:
        audit_trail.note(work, "order_message_file", str(found.id), {"order": str(order.id)})
    return download(found.stored_file, found.stored_file.original_name or f"{order.reference}-message")
