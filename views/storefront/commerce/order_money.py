"""Where an order's money is, as its page shows it: held, released, returned by us or by a bank, and the fee."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import settlement
from models.commerce.allocation import Allocation, AllocationKind
from models.commerce.chargeback import Chargeback, ChargebackState
from models.commerce.escrow import Escrow
from models.commerce.order import Order
from models.commerce.refund import Refund, RefundState

NOT_GOING = frozenset({RefundState.requested, RefundState.rejected, RefundState.cancelled})
"""Nothing has left for these: asked for and not approved, refused, stopped."""


@dataclass(frozen=True, slots=True)
class Money:
    """Five parts that add up to what the buyer paid, in minor units. `earned` is what the seller has of it after
    commission, `expected` what the rest of the hold would bring them."""

    currency: str
    total: int
    held: int
    released: int
    back: int
    bank: int
    fee: int
    earned: int
    expected: int


def refunds_of(session: Session, order: Order) -> list[Refund]:
    """Oldest first."""
    return list(session.scalars(sa.select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)))


def chargebacks_of(session: Session, order: Order) -> list[Chargeback]:
    """Oldest first."""
    query = sa.select(Chargeback).where(Chargeback.order_id == order.id)
    return list(session.scalars(query.order_by(Chargeback.created_at, Chargeback.id)))


def money_of(
    session: Session, order: Order, hold: Escrow, refunds: list[Refund], chargebacks: list[Chargeback]
) -> Money:
    """Reads only. What is held is shown with what it would bring if all of it were released."""
    rows = _allocated(session, order)
    released = [row for row in rows if row.kind is AllocationKind.release]
    reclaimed = [row for row in rows if row.after_release]
    rest = settlement.preview(session, order, buyer_minor=0).seller if hold.remaining_minor else ()

    def net(of: list[Allocation], column: str) -> int:
        return sum(getattr(row, column) for row in of)

    kept = net(released, "gross_minor") - net(reclaimed, "gross_minor")
    commission = net(released, "commission_minor") - net(reclaimed, "commission_minor")
    commission_vat = net(released, "commission_vat_minor") - net(reclaimed, "commission_vat_minor")
    back = sum(row.amount_minor for row in refunds if row.state not in NOT_GOING)
    elsewhere = order.total_minor - hold.remaining_minor - kept - back
    bank = min(_taken_by_bank(refunds, chargebacks), elsewhere)
    return Money(
        currency=order.currency,
        total=order.total_minor,
        held=hold.remaining_minor,
        released=kept,
        back=back,
        bank=bank,
        fee=elsewhere - bank,
        earned=kept - commission - commission_vat,
        expected=sum(part.seller for part in rest),
    )


def _allocated(session: Session, order: Order) -> list[Allocation]:
    query = sa.select(Allocation).where(Allocation.order_line_id.in_([line.id for line in order.lines]))
    return list(session.scalars(query))


def _taken_by_bank(refunds: list[Refund], chargebacks: list[Chargeback]) -> int:
    """What banks took for good, less the refunds they paid with it: those are counted as returned."""
    lost = sum(row.amount_minor for row in chargebacks if row.state is ChargebackState.lost)
    manually = [row for row in refunds if row.state is RefundState.settled_manually and not row.transfer_reference]
    return max(lost - sum(row.amount_minor for row in manually), 0)
