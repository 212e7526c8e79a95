"""Messages of an order: the two parties write to each other until ninety days after it ended; staff may read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.platform import clock, machine, notification
from models.actor import Actor, ActorKind
from models.commerce.order import ORDER, Order
from models.commerce.order_message import OrderMessage
from models.commerce.order_message_file import OrderMessageFile
from models.errors import Conflict, GuardFailed, Invalid, NotAllowed
from models.platform.stored_file import StoredFile

MOST = 4000
OPEN_AFTER_END = timedelta(days=90)
LATELY, MOST_LATELY = timedelta(minutes=10), 20
"""One side of an order sends at most so many messages in so long."""


def closes_at(order: Order) -> datetime | None:
    """When nobody can write any more: ninety days after the order ended; None while it runs."""
    return order.state_entered_at + OPEN_AFTER_END if order.state in ORDER.terminal else None


def refusal(order: Order) -> str:
    """Why nobody can write now; empty when they can."""
    end = closes_at(order)
    return "Messages closed 90 days after the order ended." if end and clock.now() >= end else ""


def send(session: Session, order: Order, *, actor: Actor, text: str, files: Iterable[StoredFile] = ()) -> OrderMessage:
    """To the other party. Raises NotAllowed, GuardFailed, Invalid, and Conflict for too many in a short time."""
    side, shown = _side(order, actor), list(files)
    machine.lock(session, order)  # two who write at once are told of one conversation
    if why := refusal(order):
        raise GuardFailed(why)
    words = text.strip()
    if len(words) > MOST or not (words or shown):
        raise Invalid("The message was not sent.", {"text": f"Write a message of at most {MOST} characters."})
    lately = sa.select(sa.func.count()).where(
        OrderMessage.order_id == order.id, OrderMessage.party == side, OrderMessage.created_at > clock.now() - LATELY
    )
    if (session.scalar(lately) or 0) >= MOST_LATELY:
        raise Conflict(f"You have sent {MOST_LATELY} messages in ten minutes. Wait a little, then send this one.")
    row = OrderMessage(order_id=order.id, party=side, user_id=actor.user_id, text=words, created_at=clock.now())
    row.files = [OrderMessageFile(stored_file_id=one.id) for one in shown]
    told_of = sa.select(OrderMessage.id).where(
        OrderMessage.order_id == order.id, OrderMessage.party == side, OrderMessage.read_at.is_(None)
    )
    news = session.scalar(told_of.limit(1)) is None
    session.add(row)
    session.flush()
    if news:
        _tell(session, order, row)
    return row


def _tell(session: Session, order: Order, row: OrderMessage) -> None:
    """Once, until the other side has opened the conversation."""
    bought = row.party == ActorKind.buyer
    me, them = order.buyer_organisation, order.seller_organisation
    if not bought:
        me, them = them, me
    notification.tell(
        session,
        "message.new",
        to=them.id,
        words={"order": order.reference, "who": me.name, "title": order.lines[0].title},
        link=f"{'/pro' if bought else ''}/orders/{order.reference}#messages",
        key=f"message:{row.id}",
    )


def read(session: Session, order: Order, *, actor: Actor) -> int:
    """The page with the other side's messages was opened; answers how many were new."""
    side = _side(order, actor)
    news = sa.select(OrderMessage).where(
        OrderMessage.order_id == order.id, OrderMessage.party != side, OrderMessage.read_at.is_(None)
    )
    rows = session.scalars(news.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.read_at = clock.now()
    session.flush()
    return len(rows)


def of_order(session: Session, order: Order) -> list[OrderMessage]:
    """All of them, oldest first."""
    mine = sa.select(OrderMessage).where(OrderMessage.order_id == order.id)
    return list(session.scalars(mine.order_by(OrderMessage.created_at, OrderMessage.id)))


def unread(session: Session, orders: Iterable[UUID], side: ActorKind) -> Mapping[UUID, int]:
    """How many messages each order has that this side has not opened; an order without news is left out."""
    query = (
        sa.select(OrderMessage.order_id, sa.func.count())
        .where(
            OrderMessage.order_id.in_(list(orders)), OrderMessage.party != side.value, OrderMessage.read_at.is_(None)
        )
        .group_by(OrderMessage.order_id)
    )
    return {order_id: int(count) for order_id, count in session.execute(query)}


def _side(order: Order, actor: Actor) -> str:
    own = {ActorKind.buyer: order.buyer_organisation_id, ActorKind.seller: order.seller_organisation_id}
    if actor.user_id is None or actor.organisation_id is None or own.get(actor.kind) != actor.organisation_id:
        raise NotAllowed("Only the two parties of an order write here.")
    return actor.kind.value
