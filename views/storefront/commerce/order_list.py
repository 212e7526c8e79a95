"""What a list says of each order: its state, unless money went back, which no state tells."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.actor import ActorKind
from models.commerce.allocation import Allocation, AllocationKind
from models.commerce.order import Order, OrderState
from models.commerce.order_line import OrderLine
from views.storefront.commerce.order_words import BUYER, BUYER_ENDS, SELLER, SELLER_ENDS, Words


def words_of(session: Session, orders: Sequence[Order], side: ActorKind) -> dict[UUID, Words]:
    """By the order's id. One statement, however many orders."""
    states, ends = (BUYER, BUYER_ENDS) if side is ActorKind.buyer else (SELLER, SELLER_ENDS)
    came_back = _came_back(session, [order for order in orders if order.state is OrderState.completed])

    def said(order: Order) -> Words:
        back = came_back.get(order.id, 0)
        if not back:
            return states[order.state]
        return ends["divided" if back < order.gross_minor else "back"]

    return {order.id: said(order) for order in orders}


def _came_back(session: Session, orders: Sequence[Order]) -> dict[UUID, int]:
    """What of the lines went back by whatever way, gross minor units; by the rows that divide each line."""
    query = (
        sa.select(OrderLine.order_id, sa.func.sum(Allocation.gross_minor))
        .join(OrderLine, OrderLine.id == Allocation.order_line_id)
        .where(OrderLine.order_id.in_([order.id for order in orders]), Allocation.kind != AllocationKind.release)
        .group_by(OrderLine.order_id)
    )
    return {order_id: int(gross) for order_id, gross in session.execute(query)}
