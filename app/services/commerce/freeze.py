"""Why a hold is frozen: derived from facts and stored nowhere, so that no reason outlives its cause."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.platform import clock
from models.commerce import chargeback, dispute
from models.commerce.chargeback import Chargeback, ChargebackState
from models.commerce.dispute import Dispute
from models.commerce.escrow import Escrow
from models.commerce.order import Order
from models.commerce.payment import Payment

ALARM_AFTER = timedelta(days=85)
LIMIT_AFTER = timedelta(days=89)
"""From capture: a provider keeps money for ninety days."""
TIME_TO_DECIDE = timedelta(days=14)
CONTESTED = "The customer's bank is asking for this payment back. Nothing can move until the bank has decided."


def contested(session: Session, payment_id: UUID) -> bool:
    """The payer's bank has taken the money and not decided. An inquiry takes none and stops nothing."""
    open_case = sa.select(Chargeback.id).where(
        Chargeback.payment_id == payment_id,
        Chargeback.state.in_(chargeback.LIVE),
        Chargeback.withdrawn_at.is_not(None),
    )
    return session.scalar(open_case.limit(1)) is not None


def order_contested(session: Session, order: Order) -> bool:
    """The same for an order."""
    payment_id = session.scalar(sa.select(Payment.id).where(Payment.checkout_id == order.checkout_id))
    return payment_id is not None and contested(session, payment_id)


def decided_lately(session: Session, order: Order) -> bool:
    """A bank gave the money back within the last fourteen days: what the order waited for is now for people."""
    won = (
        sa.select(Chargeback.id)
        .where(Chargeback.order_id == order.id, Chargeback.state == ChargebackState.won)
        .where(Chargeback.closed_at > clock.now() - TIME_TO_DECIDE)
    )
    return session.scalar(won.limit(1)) is not None


def charged_back(session: Session, payment_id: UUID) -> int:
    """What a bank has taken of a payment and not given back, in minor units."""
    gone = sa.select(sa.func.coalesce(sa.func.sum(Chargeback.amount_minor), 0)).where(
        Chargeback.payment_id == payment_id,
        Chargeback.withdrawn_at.is_not(None),
        Chargeback.state.in_((*chargeback.LIVE, ChargebackState.lost)),
    )
    return int(session.scalar(gone) or 0)


def reasons(session: Session, hold: Escrow) -> list[str]:
    """Sentences, empty when nothing keeps the hold frozen."""
    found = []
    problem = sa.select(Dispute.id).where(Dispute.order_id == hold.order_id, Dispute.state.in_(dispute.LIVE))
    if session.scalar(problem.limit(1)):
        found.append("a problem was reported")
    if order_contested(session, hold.order):
        found.append("the payment is contested at the bank")
    if hold.captured_at and clock.now() >= hold.captured_at + ALARM_AFTER:
        found.append("held for 85 days")
    return found
