"""When the sweep last asked about a payment, a refund or a chargeback: whoever was asked longest ago comes first.

Written past the audit trail on purpose: it changes every minute, and says nothing about the money.
"""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.platform import clock
from models.commerce.chargeback import Chargeback
from models.commerce.payment import Payment
from models.commerce.refund import Refund


def payment(session: Session, payment_id: UUID) -> None:
    """Goes to the end of the line, before the answer: one that never answers keeps nobody waiting."""
    session.execute(sa.update(Payment).where(Payment.id == payment_id).values(asked_at=clock.real()))


def refund(session: Session, refund_id: UUID) -> None:
    """As `payment`."""
    session.execute(sa.update(Refund).where(Refund.id == refund_id).values(asked_at=clock.real()))


def chargeback(session: Session, chargeback_id: UUID) -> None:
    """As `payment`."""
    session.execute(sa.update(Chargeback).where(Chargeback.id == chargeback_id).values(asked_at=clock.real()))
