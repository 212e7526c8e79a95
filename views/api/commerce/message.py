"""Messages of an order: what the two parties wrote to each other, written with files, and marked as read."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy.orm import Session, selectinload

from app.services.commerce import order_message as verbs
from app.services.platform import stored_file
from app.session import session
from models.actor import ActorKind
from models.commerce.order_message import OrderMessage
from models.commerce.order_message_file import OrderMessageFile
from models.errors import NotAllowed
from views.api.commerce.file_shape import FileShape, file_shape
from views.api.commerce.side import BUYER, SELLER, acting, order_of
from views.api.commerce.upload import kept_files
from views.api.operation import Deed, does, reads
from views.api.paging import page_of
from views.api.shapes import Gives, Moment, Paged, Takes, text


class NewMessage(Takes):
    """Words, files, or both."""

    text = text(verbs.MOST)


class MessageShape(Gives):
    """`party` is buyer or seller; `read_at` is when the other side opened it."""

    id = fields.UUID()
    party = fields.String()
    text = fields.String()
    at = Moment()
    read_at = Moment(allow_none=True)
    files = fields.List(fields.Nested(FileShape))


class MessagePage(Gives):
    """Newest first. `unread` of the other side's messages; `refusal` says why nobody can write now."""

    items = fields.List(fields.Nested(MessageShape))
    unread = fields.Integer()
    closes_at = Moment(allow_none=True)
    refusal = fields.String()
    next = fields.String(allow_none=True)


class Sent(Gives):
    """The message that was written."""

    id = fields.UUID()
    at = Moment()


class MarkedRead(Gives):
    """How many were new."""

    number = fields.Integer()


@reads("/orders/<reference>/messages", gives=MessagePage, query=Paged)
def order_messages(asked: dict[str, Any], reference: str) -> dict[str, Any]:
    """What was written about an order; reading it here marks nothing as read."""
    order, side = order_of(reference)
    if side not in {BUYER, SELLER}:
        raise NotAllowed("Only the two parties of an order read this here.")
    whole = selectinload(OrderMessage.files).joinedload(OrderMessageFile.stored_file)
    query = sa.select(OrderMessage).where(OrderMessage.order_id == order.id).options(whole)
    rows, following = page_of(session(), query, OrderMessage.id, asked)
    return {
        "items": [_shape(row, side) for row in rows],
        "unread": verbs.unread(session(), [order.id], side).get(order.id, 0),
        "closes_at": verbs.closes_at(order),
        "refusal": verbs.refusal(order),
        "next": following,
    }


@does("/orders/<reference>/messages", takes=NewMessage, gives=Sent, status=HTTPStatus.CREATED, files=True)
def send_message(asked: dict[str, Any], reference: str) -> Deed:
    """Write to the other party of an order."""
    side = acting(reference, BUYER, SELLER)
    files = kept_files()

    def run(work: Session) -> dict[str, Any]:
        shown = [
            stored_file.record(work, one.content, media_type=one.media_type, purpose="message", original_name=one.name)
            for one in files
        ]
        row = verbs.send(work, side.order(work), actor=side.actor, text=asked["text"], files=shown)
        return {"id": row.id, "at": row.created_at}

    return Deed(side.actor, run, {"files": [one.sha256 for one in files]})


@does("/orders/<reference>/messages/read", gives=MarkedRead)
def read_messages(_asked: dict[str, Any], reference: str) -> Deed:
    """Somebody of the caller's side has read what the other side wrote."""
    side = acting(reference, BUYER, SELLER)
    return Deed(side.actor, lambda work: {"number": verbs.read(work, side.order(work), actor=side.actor)})


def _shape(row: OrderMessage, side: ActorKind) -> dict[str, Any]:
    files = [file_shape(one, side) for one in row.files]
    read = {"at": row.created_at, "read_at": row.read_at}
    return {"id": row.id, "party": row.party, "text": row.text, "files": files, **read}
