"""The protected payment hold: money goes in once, and comes out by a release, a refund or a chargeback, each with its
posting and a row per line that says how it was divided."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import allocation, freeze, journal_entry
from app.services.commerce.allocation import Part
from app.services.platform import machine
from models.actor import Actor
from models.commerce.allocation import AllocationKind
from models.commerce.chargeback import Chargeback
from models.commerce.escrow import Escrow, EscrowState
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.errors import Conflict, NotFound
from models.platform.transition import Transition

SYSTEM = Actor.system("escrow")


def of_order(session: Session, order: Order) -> Escrow:
    """The hold of an order. Raises NotFound: an order without one is a broken invariant."""
    row = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).first()
    if row is None:
        raise NotFound("This order has no payment hold.")
    return row


def locked(session: Session, order: Order) -> Escrow:
    """The hold of an order, locked for this transaction; the order is locked before it."""
    row = of_order(session, order)
    machine.lock(session, row)
    return row


def shares(session: Session, order: Order, amount: int) -> dict[UUID, int]:
    """An amount spread over what is held of each line. Raises ValueError when that much is not held."""
    return allocation.spread(
        amount, {line_id: one.held for line_id, one in allocation.standings(session, order).items()}
    )


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
    row = _opened(session, order, "the order is completed")
    amount = row.remaining_minor
    row.released_minor += amount
    moved = machine.apply(session, row, "release_rest", actor=SYSTEM, detail={"amount_minor": amount})
    _released(session, order, _rest(session, order), moved)
    return moved


def take_rest(session: Session, order: Order, *, event: str = "") -> tuple[Transition, list[Part]]:
    """All that is left leaves the hold for a refund; answers the move and the parts. The refund makes the posting."""
    row = locked(session, order)
    event = event or ("refund_rest_system" if row.state is EscrowState.frozen else "refund_rest")
    parts, amount = _rest(session, order), row.remaining_minor
    row.refunded_minor += amount
    moved = machine.apply(session, row, event, actor=SYSTEM, detail={"amount_minor": amount})
    return moved, parts


def take_part(
    session: Session, order: Order, lines: Mapping[UUID, int], *, actor: Actor = SYSTEM
) -> tuple[Transition, list[Part]]:
    """Part of each named line (gross) leaves the hold for a refund; something stays. Raises Conflict when it is frozen
    or when nothing would stay."""
    row = locked(session, order)
    amount = sum(lines.values())
    if row.state is not EscrowState.held:
        raise Conflict("The payment hold is frozen. Decide the problem first.")
    if not 0 < amount < row.remaining_minor:
        raise Conflict("That is all that is held. Cancel the order instead.")
    standing = allocation.standings(session, order)
    parts = [allocation.from_hold(standing[line_id], gross) for line_id, gross in lines.items()]
    row.refunded_minor += amount
    moved = machine.apply(session, row, "refund", actor=actor, detail={"amount_minor": amount})
    return moved, parts


def split(session: Session, order: Order, buyer_minor: int, *, actor: Actor) -> tuple[Transition, list[Part]]:
    """Divides a frozen hold: `buyer_minor` leaves it for a refund, the rest is released; answers the buyer's parts."""
    row = locked(session, order)
    buyer, seller = halves(session, order, buyer_minor)
    seller_minor = row.remaining_minor - buyer_minor
    row.refunded_minor += buyer_minor
    row.released_minor += seller_minor
    detail = {"buyer_minor": buyer_minor, "seller_minor": seller_minor}
    moved = machine.apply(session, row, "split", actor=actor, detail=detail)
    _released(session, order, seller, moved)
    return moved, buyer


def halves(session: Session, order: Order, buyer_minor: int) -> tuple[list[Part], list[Part]]:
    """What is held, line by line, as the buyer's parts and the seller's, which begin where the buyer's end. Reads only;
    raises ValueError when that much is not held."""
    standing = allocation.standings(session, order)
    mine = shares(session, order, buyer_minor)
    buyer = [allocation.from_hold(standing[line_id], gross) for line_id, gross in mine.items()]
    rest = {line_id: one.held - mine.get(line_id, 0) for line_id, one in standing.items()}
    seller = [_after(standing[line_id], mine.get(line_id, 0), gross) for line_id, gross in rest.items() if gross]
    return buyer, seller


def freeze_hold(session: Session, order: Order, *, reason: str) -> Escrow:
    """Nothing leaves it until every reason is gone. A hold that is frozen or over stays as it is."""
    row = locked(session, order)
    if row.state is EscrowState.held:
        machine.apply(session, row, "freeze", actor=SYSTEM, reason=reason)
    return row


def thaw(session: Session, order: Order, *, reason: str) -> bool:
    """Unfreezes the hold unless another reason keeps it frozen; False then, and when it is not frozen."""
    row = locked(session, order)
    if row.state is not EscrowState.frozen or freeze.reasons(session, row):
        return False
    machine.apply(session, row, "unfreeze", actor=SYSTEM, reason=reason)
    return True


def charge_back(session: Session, order: Order, chargeback: Chargeback, amount: int) -> int:
    """Up to `amount` leaves a frozen hold, because the payer has it back from their bank; answers how much did."""
    row = freeze_hold(session, order, reason="the payment is contested at the bank")
    taken = min(amount, row.remaining_minor)
    if row.state is not EscrowState.frozen or not taken:
        return 0
    standing = allocation.standings(session, order)
    parts = [allocation.from_hold(standing[line_id], gross) for line_id, gross in shares(session, order, taken).items()]
    event = "charge_back" if taken == row.remaining_minor else "charge_back_part"
    row.charged_back_minor += taken
    moved = machine.apply(session, row, event, actor=SYSTEM, detail={"amount_minor": taken})
    allocation.record(session, parts, AllocationKind.chargeback, transition=moved, chargeback=chargeback)
    journal_entry.escrow_charged_back(session, order, chargeback, amount_minor=taken, transition=moved)
    return taken


def remaining(session: Session, order: Order) -> int:
    """What is held for an order now, in minor units; reads only."""
    return of_order(session, order).remaining_minor


def _opened(session: Session, order: Order, reason: str) -> Escrow:
    """Frozen by its age only: whoever ends the order has decided."""
    row = locked(session, order)
    if row.state is EscrowState.frozen:
        machine.apply(session, row, "unfreeze", actor=SYSTEM, reason=reason)
    return row


def _rest(session: Session, order: Order) -> list[Part]:
    standing = allocation.standings(session, order)
    return [allocation.from_hold(one, one.held) for one in standing.values() if one.held]


def _after(standing: allocation.Standing, taken: int, gross: int) -> Part:
    return allocation.from_hold(allocation.Standing(standing.line, standing.taken + taken), gross)


def _released(session: Session, order: Order, parts: list[Part], moved: Transition) -> None:
    if parts:
        allocation.record(session, parts, AllocationKind.release, transition=moved)
        journal_entry.escrow_released(session, order, parts, transition=moved)
