"""How an order's money ends: released, returned, or divided. The verbs that end an order decide; this carries out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.outbox import send
from app.services.commerce import allocation, escrow, ledger, postings, refund
from app.services.commerce.allocation import Part
from app.services.commerce.refund import NO_FEE, Fee
from app.services.platform import clock
from models.actor import Actor
from models.commerce.escrow import EscrowState
from models.commerce.order import Order
from models.commerce.refund import Refund, RefundCause
from models.platform.transition import Transition

SYSTEM = Actor.system("settlement")


@dataclass(frozen=True, slots=True)
class Division:
    """How what is held would be divided, nothing written. Minor units; `lines` are the postings."""

    currency: str
    buyer: tuple[Part, ...]
    seller: tuple[Part, ...]
    fee: Fee
    lines: tuple[ledger.Line, ...]

    @property
    def back_minor(self) -> int:
        """What goes back to the buyer, with the buyer fee."""
        return allocation.total(self.buyer) + self.fee.total

    @property
    def seller_minor(self) -> int:
        """What the seller gets, our commission taken off."""
        return sum(one.seller for one in self.seller)


def preview(session: Session, order: Order, *, buyer_minor: int, fee: Fee = NO_FEE) -> Division:
    """What `divide` would do now. A refund that has no number yet is shown under the order's.

    Raises ValueError for more than is held.
    """
    buyer, seller = escrow.halves(session, order, buyer_minor)
    fee = fee if buyer else NO_FEE
    lines: list[ledger.Line] = []
    if seller:
        lines += postings.escrow_released(
            order.id,
            order.seller_organisation_id,
            order.currency,
            gross=allocation.total(seller),
            commission=sum(one.commission for one in seller),
            commission_vat=sum(one.commission_vat for one in seller),
        )
    if buyer:
        gross = allocation.total(buyer)
        lines += postings.refund_requested(
            order.id, order.id, order.currency, gross=gross, fee_net=fee.net, fee_vat=fee.vat
        )
    return Division(order.currency, tuple(buyer), tuple(seller), fee, tuple(lines))


def complete(session: Session, order: Order) -> None:
    """All that is held goes to the seller, and the receipt is asked for."""
    order.closed_at = clock.now()
    escrow.release_rest(session, order)
    _ask_for_receipt(session, order)


def all_back(session: Session, order: Order, cause: RefundCause, *, event: str = "", reason: str = "") -> Refund:
    """All that is held goes back to the buyer, with what is left of the buyer fee. `event` is the hold's own, where
    it ends by itself."""
    order.closed_at = order.closed_at or clock.now()
    moved, parts = escrow.take_rest(session, order, event=event)
    refund.supersede(session, order)
    fee = refund.fee_left(session, order)
    return refund.from_hold(session, order, parts, transition=moved, cause=cause, fee=fee, reason=reason)


def divide(
    session: Session,
    order: Order,
    *,
    buyer_minor: int,
    cause: RefundCause,
    actor: Actor = SYSTEM,
    fee: Fee = NO_FEE,
    reason: str = "",
) -> Refund | None:
    """`buyer_minor` of what is held goes back with `fee` of the buyer fee, the rest to the seller; a frozen hold is
    split by `actor`. None when nothing goes back."""
    order.closed_at = clock.now()
    hold = escrow.locked(session, order)
    refund.supersede(session, order)  # whatever was asked for before: this is how its money is divided
    seller_minor = hold.remaining_minor - buyer_minor
    taken: tuple[Transition, list[Part]] | None = None
    if hold.state is EscrowState.frozen:
        taken = escrow.split(session, order, buyer_minor, actor=actor)
    elif not seller_minor:
        taken = escrow.take_rest(session, order)
    elif buyer_minor:
        taken = escrow.take_part(session, order, escrow.shares(session, order, buyer_minor))
    made = None
    if taken and taken[1]:  # recorded before the rest is released, which begins where it ends
        moved, parts = taken
        made = refund.from_hold(session, order, parts, transition=moved, cause=cause, fee=fee, reason=reason)
    if seller_minor:
        if hold.state is not EscrowState.settled:
            escrow.release_rest(session, order)
        _ask_for_receipt(session, order)
    return made


def _ask_for_receipt(session: Session, order: Order) -> None:
    send(
        session, "commerce.receipt.write", key=f"receipt:{order.id}", payload={"order_id": str(order.id)}, queue="paper"
    )
