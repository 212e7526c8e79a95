"""Money on its way back. Our side commits first, the provider is asked by a job, its answer is applied by its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.payments import RefundResult
from app.outbox import send
from app.services.commerce import allocation, freeze, journal_entry
from app.services.commerce.allocation import Part
from app.services.platform import clock, machine, timer
from models.actor import Actor, ActorKind
from models.commerce.allocation import AllocationKind
from models.commerce.chargeback import Chargeback
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.refund import MOST_ATTEMPTS, Refund, RefundCause, RefundState
from models.errors import GuardFailed, Invalid
from models.platform.transition import Transition

SYSTEM = Actor.system("refund")
PSP = Actor(ActorKind.psp, name="payment provider")
ATTEMPT = "attempt"
"""What the provider keeps beside our reference, to tell one attempt of a refund from the next."""
POLLED_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Fee:
    """The buyer fee, or a part of it, and its VAT. Minor units."""

    net: int
    vat: int

    @property
    def total(self) -> int:
        """VAT included."""
        return self.net + self.vat


NO_FEE = Fee(0, 0)


@dataclass(frozen=True, slots=True)
class Submission:
    """What the provider is asked; `key` is the idempotency key of this attempt and never changes within it."""

    refund_id: UUID
    intent_id: str
    amount_minor: int
    key: str
    attempt: int


def from_hold(
    session: Session,
    order: Order,
    parts: Sequence[Part],
    *,
    transition: Transition,
    cause: RefundCause,
    fee: Fee = NO_FEE,
    reason: str = "",
) -> Refund:
    """These parts have just left the hold (`transition`) and go back to the buyer, with `fee` of the buyer fee.

    Approved at once, because the published policy or a decision leaves nothing to approve.
    """
    held = allocation.total(parts)
    row = Refund(
        order_id=order.id,
        payment_id=payment_of(session, order).id,
        cause=cause,
        currency=order.currency,
        amount_minor=held + fee.total,
        fee_net_minor=fee.net,
        fee_vat_minor=fee.vat,
        reason=reason,
    )
    machine.begin(session, row)
    allocation.record(session, parts, AllocationKind.refund, transition=transition, refund=row)
    journal_entry.refund_requested(session, row, held_minor=held, transition=transition)
    _approve_by_policy(session, row)
    return row


def payment_of(session: Session, order: Order) -> Payment:
    """The captured payment of an order."""
    return session.scalars(sa.select(Payment).where(Payment.checkout_id == order.checkout_id)).one()


def fee_left(session: Session, order: Order, *, but: Refund | None = None, asked: bool = False) -> Fee:
    """What of the buyer fee has not gone back; with `asked` what waits for approval counts as gone too, all but the
    request `but`."""
    over = (RefundState.rejected, RefundState.cancelled, *(() if asked else (RefundState.requested,)))
    gone = sa.select(
        sa.func.coalesce(sa.func.sum(Refund.fee_net_minor), 0), sa.func.coalesce(sa.func.sum(Refund.fee_vat_minor), 0)
    ).where(Refund.order_id == order.id, Refund.state.not_in(over))
    if but is not None:
        gone = gone.where(Refund.id != but.id)
    net, vat = session.execute(gone).one()
    taken = sa.select(
        sa.func.coalesce(sa.func.sum(Chargeback.order_fee_net_minor), 0),
        sa.func.coalesce(sa.func.sum(Chargeback.order_fee_vat_minor), 0),
    ).where(Chargeback.order_id == order.id)
    net_taken, vat_taken = session.execute(taken).one()
    return Fee(order.fee_net_minor - int(net) - int(net_taken), order.fee_vat_minor - int(vat) - int(vat_taken))


def supersede(session: Session, order: Order) -> None:
    """What waits for approval is over: the order ended, and how its money was divided has been decided. The order is
    locked already."""
    query = sa.select(Refund).where(Refund.order_id == order.id, Refund.state == RefundState.requested)
    for row in session.scalars(query.order_by(Refund.id).with_for_update()).all():
        machine.apply(session, row, "reject", actor=SYSTEM, reason="The order ended, and its money was divided then.")


def of_late_capture(session: Session, payment: Payment) -> Refund:
    """Money that came when the checkout was over: it never was an order's, and goes straight back."""
    row = Refund(
        payment_id=payment.id,
        cause=RefundCause.late_capture,
        currency=payment.currency,
        amount_minor=payment.captured_minor,
    )
    machine.begin(session, row)
    moved = _approve_by_policy(session, row)
    journal_entry.captured_late(session, row, payment, transition=moved)
    return row


def _approve_by_policy(session: Session, row: Refund) -> Transition:
    moved = machine.apply(session, row, "auto_approve", actor=SYSTEM, reason=row.cause.value)
    ask_for_submission(session, row)
    return moved


def ask_for_submission(session: Session, row: Refund, *, after: str = "") -> None:
    """Asks the clockwork to ask the provider; `after` names what the asking had to wait for."""
    key = f"refund:{row.id}:{row.attempts + 1}{after}"
    send(session, "commerce.refund.submit", key=key, payload={"refund_id": str(row.id)})


def begin_submission(session: Session, refund_id: UUID) -> Submission | None:
    """Says `submitted` before the provider is asked, so that a crash leaves a question, never a second refund.

    None when there is nothing to ask: it is answered already, or waits for people.
    """
    row = session.get_one(Refund, refund_id, with_for_update=True)
    _covered_by_a_loss(session, row)
    if row.state is RefundState.approved and freeze.contested(session, row.payment_id):
        return None  # the bank may be giving it back already; asked again when it has decided
    if row.state is RefundState.approved:
        row.attempts += 1
        machine.apply(session, row, "submit", actor=SYSTEM, detail={"attempt": row.attempts})
    elif row.state is not RefundState.submitted or row.provider_refund_id is not None:
        return None
    intent_id = row.payment.intent_id or ""
    return Submission(row.id, intent_id, row.due_minor, f"refund:{row.id}:{row.attempts}", row.attempts)


def of_result(session: Session, result: RefundResult) -> Refund | None:
    """Our row for the provider's refund, by its id or by the reference we gave it."""
    row = session.scalars(sa.select(Refund).where(Refund.provider_refund_id == result.id)).first()
    if row is None:
        try:
            row = session.get(Refund, UUID(result.reference))
        except ValueError:
            return None
    return row


def follow(session: Session, row: Refund, result: RefundResult, *, actor: Actor = PSP) -> bool:
    """Applies the provider's present word; False when there was nothing left to do. Safe to repeat."""
    machine.lock(session, row)
    if not _of_this_attempt(row, result):
        return False
    session.info["verb"] = "refund.follow"
    if row.state is RefundState.approved:  # given up for lost, and it was made after all: no second one is asked for
        machine.apply(
            session, row, "submit", actor=SYSTEM, reason="the provider had it", detail={"attempt": row.attempts}
        )
    if row.state is RefundState.unknown or _said_no_and_did_it(row, result):
        machine.apply(session, row, "found", actor=SYSTEM, reason="the provider had it")
    row.provider_refund_id = row.provider_refund_id or result.id
    if result.status == "succeeded" and row.state is RefundState.submitted:
        moved = machine.apply(session, row, "psp_succeeded", actor=actor)
        journal_entry.refund_succeeded(session, row, transition=moved)
        return True
    if result.status in {"failed", "canceled"}:
        return _failed(session, row, result, actor)
    return False


def _said_no_and_did_it(row: Refund, result: RefundResult) -> bool:
    """Refused, as we heard it, and made after all. One that the provider knew and that failed is over."""
    refused = row.state is RefundState.failed and row.provider_refund_id is None and not row.transfer_reference
    return refused and result.status in {"pending", "succeeded"}


def _of_this_attempt(row: Refund, result: RefundResult) -> bool:
    """A late word about an attempt that failed says nothing of the one that followed it, nor of one not made yet."""
    if (
        row.provider_refund_id not in {None, result.id}
        or result.metadata.get(ATTEMPT, f"{row.attempts}") != f"{row.attempts}"
    ):
        return False
    return row.state is not RefundState.approved or result.status in {"pending", "succeeded"}


def _failed(session: Session, row: Refund, result: RefundResult, actor: Actor) -> bool:
    """The money stays in transit: it is still owed, and people decide how it gets there."""
    row.last_error = result.failure_reason or result.status
    if row.state is RefundState.submitted:
        machine.apply(session, row, "psp_failed", actor=actor, reason=row.last_error)
        _covered_by_a_loss(session, row)
        return True
    if row.state is RefundState.succeeded:
        moved = machine.apply(session, row, "psp_failed_late", actor=actor, reason=row.last_error)
        journal_entry.refund_bounced(session, row, transition=moved)
        _covered_by_a_loss(session, row)
        return True
    return False


def heard(session: Session, refund_id: UUID, results: Sequence[RefundResult]) -> None:
    """What asking the provider brought, newest first; none of this attempt is its word that there is no such refund."""
    row = session.get_one(Refund, refund_id, with_for_update=True)
    if own := [one for one in results if _of_this_attempt(row, one)]:
        follow(session, row, own[0])
    elif row.state is RefundState.unknown:
        not_found(session, row)


def refused(session: Session, refund_id: UUID, error: str) -> None:
    """The provider will not do it, however often it is asked."""
    row = session.get_one(Refund, refund_id, with_for_update=True)
    if row.state is RefundState.submitted:
        row.last_error = error[:2000]
        machine.apply(session, row, "psp_failed", actor=PSP, reason=row.last_error)
        _covered_by_a_loss(session, row)


def retry(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """Once more, under a new key: only after the provider said that the last attempt failed."""
    moved = machine.apply(session, row, "retry", actor=actor)
    row.provider_refund_id = None
    session.flush()
    ask_for_submission(session, row)
    return moved


def record_transfer(session: Session, row: Refund, *, actor: Actor, reference: str) -> None:
    """Somebody sent the money by bank: another person must confirm it. Raises GuardFailed unless the refund failed."""
    machine.lock(session, row)
    if row.state is not RefundState.failed:
        raise GuardFailed("Only a refund that the provider could not deliver is sent another way.")
    if row.transfer_reference:
        raise GuardFailed("A transfer was entered already: confirm it, or take it back first.")
    if freeze.contested(session, row.payment_id):
        raise GuardFailed(freeze.CONTESTED)
    if not reference.strip():
        raise Invalid("Enter the bank's reference.", {"reference": "Enter the bank's reference of the transfer."})
    session.info["verb"] = "refund.record_transfer"
    row.transfer_reference, row.transfer_by_user_id = reference.strip(), actor.user_id
    session.flush()


def confirm_transfer(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """A second person saw the transfer at the bank: the refund is over. Raises GuardFailed for the first one."""
    machine.lock(session, row)
    detail = {"reference": row.transfer_reference}
    moved = machine.apply(session, row, "bank_transfer", actor=actor, detail=detail, by=actor.user_id)
    row.transfer_confirmed_by_user_id = actor.user_id
    session.flush()
    journal_entry.refund_transferred(session, row, transition=moved)
    return moved


def withdraw_transfer(session: Session, row: Refund) -> None:
    """The transfer was not made after all: the refund can be sent again. Raises GuardFailed once it is confirmed."""
    machine.lock(session, row)
    if row.state is not RefundState.failed or not row.transfer_reference:
        raise GuardFailed("There is no transfer that waits to be confirmed.")
    session.info["verb"] = "refund.withdraw_transfer"
    row.transfer_reference, row.transfer_by_user_id = "", None
    session.flush()
    _covered_by_a_loss(session, row)


def covered_by_chargeback(
    session: Session, row: Refund, chargeback: Chargeback, amount_minor: int, *, lost: bool = False
) -> None:
    """The buyer's bank gave so much of what we still owed them; `lost` when that was booked as our loss before."""
    event = "charged_back" if amount_minor == row.due_minor else "charged_back_part"
    moved = machine.apply(
        session, row, event, actor=SYSTEM, reason="the bank gave it back", detail={"amount_minor": amount_minor}
    )
    row.covered_minor += amount_minor
    session.flush()
    journal_entry.refund_charged_back(session, row, chargeback, amount_minor=amount_minor, lost=lost, transition=moved)


def _covered_by_a_loss(session: Session, row: Refund) -> None:
    """Owed after all, but the buyer's bank had given the money back too: what was our loss pays it."""
    if row.state not in {RefundState.approved, RefundState.failed} or row.transfer_reference:
        return
    lost = sa.select(Chargeback).where(Chargeback.payment_id == row.payment_id, Chargeback.loss_minor > 0)
    for one in session.scalars(lost.order_by(Chargeback.id).with_for_update()).all():
        if amount := min(one.loss_minor, row.due_minor):
            one.loss_minor -= amount
            covered_by_chargeback(session, row, one, amount, lost=True)


def lock_all(session: Session, payment_id: UUID) -> None:
    """Every refund of a payment, so that none changes its state while a lost case is worked out."""
    session.execute(sa.select(Refund.id).where(Refund.payment_id == payment_id).order_by(Refund.id).with_for_update())


def waiting(session: Session, payment_id: UUID, *, lock: bool = True) -> list[Refund]:
    """Owed and not on its way: approved and not sent, or failed and not transferred. Oldest first, locked unless
    somebody only looks."""
    states = (RefundState.approved, RefundState.failed)
    query = sa.select(Refund).where(
        Refund.payment_id == payment_id, Refund.state.in_(states), Refund.transfer_reference == ""
    )
    query = query.order_by(Refund.id)
    return list(session.scalars(query.with_for_update() if lock else query))


@machine.guard("refund", "bank_transfer")
def _by_another(_session: Session, row: Refund, arguments: dict[str, Any]) -> str | None:
    if not row.transfer_reference:
        return "Nobody has entered a bank transfer yet."
    by = arguments.get("by")
    return "Another person than the one who entered it must confirm." if by == row.transfer_by_user_id else None


def not_found(session: Session, row: Refund) -> Transition:
    """The provider says there is no such refund: asked again, as a new attempt."""
    moved = machine.apply(session, row, "not_found", actor=SYSTEM)
    _covered_by_a_loss(session, row)
    if row.state is RefundState.approved:
        ask_for_submission(session, row)
    return moved


@timer.on_timer("refund", "no_answer")
def no_answer(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """A day without an answer: the sweep asks the provider before anything else happens."""
    return machine.apply(session, row, "no_answer", actor=actor)


def to_sweep(session: Session, limit: int = 50) -> list[tuple[UUID, str, str | None]]:
    """Refunds the provider owes us a word about: (refund, intent, provider's refund id)."""
    query = (
        sa.select(Refund.id, Payment.intent_id, Refund.provider_refund_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Refund.state.in_((RefundState.submitted, RefundState.unknown)),
            Refund.state_entered_at < clock.now() - POLLED_AFTER,
        )
        .order_by(Refund.asked_at.asc().nulls_first(), Refund.state_entered_at)
        .limit(limit)
    )
    return [(refund_id, intent_id or "", provider_id) for refund_id, intent_id, provider_id in session.execute(query)]


@machine.guard("refund", "cancel")
def _may_be_stopped(_session: Session, _row: Refund, _arguments: object) -> str | None:
    """An approved refund has left its hold: stopping it would leave the money with nobody."""
    return "The money has left the hold for this refund: it can only go to the customer."


@machine.guard("refund", "retry")
def _few_attempts(_session: Session, row: Refund, _arguments: object) -> str | None:
    if row.transfer_reference:
        return "A bank transfer was entered for it: confirm that, or take it back first."
    return None if row.attempts < MOST_ATTEMPTS else "It failed three times. Send the money another way."
