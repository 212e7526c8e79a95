"""Refunds that people ask for: by line and amount, before and after release; one asks, another approves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import allocation, escrow, freeze, journal_entry, ledger, money, postings, refund
from app.services.commerce.allocation import Part
from app.services.commerce.refund import NO_FEE, Fee
from app.services.platform import machine, timer
from models.actor import Actor
from models.commerce.allocation import AllocationKind
from models.commerce.escrow import EscrowState
from models.commerce.order import Order, OrderState
from models.commerce.refund import BY_STAFF, Refund, RefundCause, RefundState
from models.commerce.refund_line import RefundLine
from models.errors import Conflict, Invalid
from models.platform.transition import Transition


@dataclass(frozen=True, slots=True)
class Preview:
    """What a refund would come to, nothing written. Minor units. `held` comes out of the hold, `released` back from the
    seller, who gives `seller_minor` of it; `lines` are its postings."""

    currency: str
    held: tuple[Part, ...]
    released: tuple[Part, ...]
    fee: Fee
    seller_minor: int
    lines: tuple[ledger.Line, ...]

    @property
    def total_minor(self) -> int:
        """What the buyer gets."""
        return allocation.total((*self.held, *self.released)) + self.fee.total

    @property
    def vat_minor(self) -> int:
        """The VAT in it, by the rates of the sale, with the fee's."""
        return sum(one.vat for one in (*self.held, *self.released)) + self.fee.vat

    @property
    def commission_minor(self) -> int:
        """Our commission and the VAT on it that is given up or given back."""
        return sum(one.commission + one.commission_vat for one in (*self.held, *self.released))


def preview(session: Session, order: Order, *, lines: Mapping[UUID, int], fee: bool = False) -> Preview:
    """Raises Invalid for what cannot be asked, with the limit in the sentence."""
    return _preview(session, order, lines, refund.fee_left(session, order, asked=True) if fee else NO_FEE, but=None)


def preview_of(session: Session, row: Refund) -> Preview:
    """What approving a request would come to now, nothing written. Raises Invalid, Conflict, as approving it would."""
    if row.order is None:
        raise Conflict("A late capture goes back by itself.")
    return _of_request(session, row.order, row)


def by_amount(session: Session, order: Order, amount_minor: int) -> dict[UUID, int]:
    """An amount spread over the lines in proportion to what may still be asked back of each. Raises Invalid."""
    room = {line_id: one.refundable for line_id, one in allocation.standings(session, order).items()}
    if not 0 < amount_minor <= sum(room.values()):
        raise Invalid(
            "That cannot be refunded.", {"amount": f"At most {_written(order, sum(room.values()))} is left to refund."}
        )
    return allocation.spread(amount_minor, room)


def request(
    session: Session,
    order: Order,
    *,
    lines: Mapping[UUID, int],
    cause: RefundCause,
    reason: str,
    actor: Actor,
    fee: bool = False,
) -> Refund:
    """Asks for a refund of `lines` (gross minor units by order line), with `fee` also of what is left of the buyer fee.
    Nothing is posted before another person approves.

    Raises Invalid (field errors), Conflict while a problem or a chargeback is open.
    """
    machine.lock(session, order)
    wrong = {} if cause in BY_STAFF else {"cause": "Choose a reason."}
    if not reason.strip():
        wrong["reason"] = "Say why, for whoever approves it."
    if wrong:
        raise Invalid("Some of that cannot be taken.", wrong)
    found = preview(session, order, lines=lines, fee=fee)
    row = Refund(
        order_id=order.id,
        payment_id=refund.payment_of(session, order).id,
        cause=cause,
        currency=order.currency,
        amount_minor=found.total_minor,
        fee_net_minor=found.fee.net,
        fee_vat_minor=found.fee.vat,
        requested_by_user_id=actor.user_id,
        reason=reason.strip(),
    )
    machine.begin(session, row)
    for line_id, gross in lines.items():
        if gross:
            session.add(RefundLine(refund_id=row.id, order_line_id=line_id, gross_minor=gross))
    session.flush()
    return row


def approve(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """Another person than the one who asked says yes: it is posted by today's figures, and sent. Raises GuardFailed,
    Conflict."""
    order = row.order
    if order is None:
        raise Conflict("A late capture goes back by itself.")
    machine.lock(session, order)
    hold = escrow.of_order(session, order)
    machine.lock(session, hold)
    machine.lock(session, row)
    row.legal("approve", actor.kind)  # before the figures: one that is over is no longer a question of limits
    found = _of_request(session, order, row)
    if row.requested_by_user_id != actor.user_id:  # the same person is refused by the guard, in words
        row.approved_by_user_id = actor.user_id
    moved = machine.apply(session, row, "approve", actor=actor, by=actor.user_id)
    taken, parts = moved, list[Part]()
    if found.held:
        taken, parts = escrow.take_part(session, order, {one.line_id: one.gross for one in found.held})
        allocation.record(session, parts, AllocationKind.refund, transition=taken, refund=row)
    if found.held or not found.released:
        journal_entry.refund_requested(session, row, held_minor=allocation.total(parts), transition=taken)
    if found.released:
        back = found.released
        allocation.record(session, back, AllocationKind.refund, transition=moved, refund=row, after_release=True)
        journal_entry.refund_clawed_back(session, row, order, back, fee=not found.held, transition=moved)
    refund.ask_for_submission(session, row)
    return moved


def reject(session: Session, row: Refund, *, actor: Actor, reason: str) -> Transition:
    """No, and why."""
    if not reason.strip():
        raise Invalid("Say why.", {"reason": "Say why, for whoever asked."})
    return machine.apply(session, row, "reject", actor=actor, reason=reason.strip())


@timer.on_timer("refund", "deadline")
def deadline(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """Fourteen days after the request nobody has approved it. What a customer has a right to needs no request: that is
    approved by policy, and the clock never takes the second person's place."""
    return machine.apply(session, row, "deadline", actor=actor, reason="Nobody approved it within 14 days.")


def _of_request(session: Session, order: Order, row: Refund) -> Preview:
    lines = {one.order_line_id: one.gross_minor for one in row.lines}
    return _preview(session, order, lines, Fee(row.fee_net_minor, row.fee_vat_minor), but=row)


def _preview(session: Session, order: Order, lines: Mapping[UUID, int], fee: Fee, *, but: Refund | None) -> Preview:
    _require_quiet(session, order)
    standing = allocation.standings(session, order, but=but)
    _require_room(session, order, lines, fee, standing, but)
    held, released = [], []
    for line_id, gross in lines.items():
        first = min(gross, standing[line_id].held)
        if first:
            held.append(allocation.from_hold(standing[line_id], first))
        if gross > first:
            released.append(allocation.after_release(standing[line_id], gross - first))
    if held and allocation.total(held) >= escrow.remaining(session, order):
        instead = (
            "Decide its problem" if order.state in {OrderState.delivered, OrderState.disputed} else "Cancel the order"
        )
        raise Invalid(f"That is all that is held. {instead} instead.", {"amount": "Leave something in the hold."})
    return Preview(
        order.currency,
        tuple(held),
        tuple(released),
        fee,
        sum(one.seller for one in released),
        tuple(_postings(session, order, held, released, fee, but)),
    )


def _postings(
    session: Session, order: Order, held: Sequence[Part], released: Sequence[Part], fee: Fee, row: Refund | None
) -> list[ledger.Line]:
    """As they will stand in the journal; a request that has no number yet is shown under the order's."""
    refund_id = row.id if row else order.id
    lines: list[ledger.Line] = []
    if held or not released:
        lines += postings.refund_requested(
            order.id, refund_id, order.currency, gross=allocation.total(held), fee_net=fee.net, fee_vat=fee.vat
        )
    if released:
        own = NO_FEE if held else fee
        lines += postings.clawed_back(
            order.seller_organisation_id,
            refund_id,
            order.currency,
            owed=journal_entry.owed_by(session, order, sum(one.seller for one in released), lock=False),
            commission=sum(one.commission for one in released),
            commission_vat=sum(one.commission_vat for one in released),
            fee_net=own.net,
            fee_vat=own.vat,
        )
    return lines


def _require_quiet(session: Session, order: Order) -> None:
    if freeze.order_contested(session, order):
        raise Conflict(freeze.CONTESTED)
    if escrow.of_order(session, order).state is EscrowState.frozen:
        raise Conflict("The payment hold is frozen. Decide the problem first.")


def _require_room(
    session: Session,
    order: Order,
    lines: Mapping[UUID, int],
    fee: Fee,
    standing: Mapping[UUID, allocation.Standing],
    but: Refund | None,
) -> None:
    wrong = {}
    for line_id, gross in lines.items():
        room = standing[line_id].refundable if line_id in standing else 0
        if not 0 <= gross <= room:
            wrong[f"line_{line_id}"] = f"At most {_written(order, room)} is left to refund of this line."
    left = refund.fee_left(session, order, but=but, asked=True)
    if fee.net > left.net or fee.vat > left.vat:
        wrong["fee"] = "The order fee has gone back already."
    if not wrong and sum(lines.values()) + fee.total <= 0:
        wrong["amount"] = "Enter what goes back."
    room = tender_left(session, order, but=but)
    if not wrong and sum(lines.values()) + fee.total > room:
        wrong["amount"] = f"At most {_written(order, room)} of this payment is left."
    if wrong:
        raise Invalid("That cannot be refunded.", wrong)


def tender_left(session: Session, order: Order, *, but: Refund | None = None) -> int:
    """What of the payment has not gone back and is not asked for, in minor units; chargebacks count."""
    payment = refund.payment_of(session, order)
    over = (RefundState.rejected, RefundState.cancelled)
    gone = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount_minor - Refund.covered_minor), 0)).where(
        Refund.payment_id == payment.id, Refund.state.not_in(over)
    )
    if but is not None:
        gone = gone.where(Refund.id != but.id)
    return payment.captured_minor - int(session.scalar(gone) or 0) - freeze.charged_back(session, payment.id)


def _written(order: Order, minor: int) -> str:
    return money.written(minor, order.currency)


@machine.guard("refund", "approve")
def _by_another(_session: Session, row: Refund, arguments: dict[str, Any]) -> str | None:
    """Two people for money (the database checks it too)."""
    if arguments.get("by") == row.requested_by_user_id:
        return "Another person than the one who asked for it must approve it."
    return None
