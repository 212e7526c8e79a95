"""The protected payment hold: money goes in once, and comes out by a release or a refund, each with its posting."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import journal_entry
from app.services.platform import machine, timer
from models.actor import Actor
from models.commerce.escrow import Escrow, EscrowState
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.errors import NotFound
from models.platform.transition import Transition

SYSTEM = Actor.system("escrow")


def of_order(session: Session, order: Order) -> Escrow:
    """The hold of an order. Raises NotFound: an order without one is a broken invariant."""
    row = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).first()
    if row is None:
        raise NotFound("This order has no payment hold.")
    return row


def hold(session: Session, order: Order, payment: Payment, *, actor: Actor) -> Escrow:
    """Puts the order's lines under protection: the buyer's fee is ours at once, the rest is nobody's yet."""
    row = Escrow(
        order_id=order.id, currency=order.currency, captured_minor=order.gross_minor, captured_at=payment.captured_at
    )
    machine.begin(session, row)
    moved = machine.apply(session, row, "captured", actor=actor, detail={"amount_minor": order.gross_minor})
    journal_entry.order_captured(session, order, payment, transition=moved)
    return row


def release_rest(session: Session, order: Order) -> Transition:
    """All that is left goes to the seller, less our commission as fixed on the lines."""
    row = of_order(session, order)
    machine.lock(session, row)
    if row.state is EscrowState.frozen:  # an age alarm; whoever ends the order has decided
        machine.apply(session, row, "unfreeze", actor=SYSTEM, reason="the order is completed")
    amount = row.remaining_minor
    row.released_minor += amount
    moved = machine.apply(session, row, "release_rest", actor=SYSTEM, detail={"amount_minor": amount})
    journal_entry.escrow_released(session, order, row, amount_minor=amount, transition=moved)
    return moved


def take_rest_for_refund(session: Session, order: Order, *, event: str = "") -> tuple[Transition, int]:
    """All that is left leaves the hold for a refund; answers the move and the amount. The refund makes the posting."""
    row = of_order(session, order)
    machine.lock(session, row)
    event = event or ("refund_rest_system" if row.state is EscrowState.frozen else "refund_rest")
    amount = row.remaining_minor
    row.refunded_minor += amount
    moved = machine.apply(session, row, event, actor=SYSTEM, detail={"amount_minor": amount})
    return moved, amount


@timer.on_timer("escrow", "age_alarm")
def age_alarm(session: Session, row: Escrow, *, actor: Actor) -> Transition:
    """85 days after capture: frozen until an operator decides, or until day 89."""
    return machine.apply(session, row, "age_alarm", actor=actor, reason="held for 85 days")


def remaining(session: Session, order: Order) -> int:
    """What is held for an order now, in minor units; reads only."""
    return of_order(session, order).remaining_minor
