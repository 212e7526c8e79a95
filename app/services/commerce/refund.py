"""Money on its way back. Our side commits first, the provider is asked by a job, its answer is applied by its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.payments import RefundResult
from app.outbox import send
from app.services.commerce import escrow, journal_entry
from app.services.platform import clock, machine, timer
from models.actor import Actor, ActorKind
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.refund import MOST_ATTEMPTS, Refund, RefundCause, RefundState
from models.platform.transition import Transition

SYSTEM = Actor.system("refund")
PSP = Actor(ActorKind.psp, name="payment provider")
ATTEMPT = "attempt"
"""What the provider keeps beside our reference, to tell one attempt of a refund from the next."""
POLLED_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Submission:
    """What the provider is asked; `key` is the idempotency key of this attempt and never changes within it."""

    refund_id: UUID
    intent_id: str
    amount_minor: int
    key: str
    attempt: int


def everything(session: Session, order: Order, payment: Payment, *, cause: RefundCause, event: str = "") -> Refund:
    """The whole hold and the buyer's fee go back: decline, expiry, cancellation before acceptance, hold limit.

    Approved at once, because the published policy leaves nothing to decide.
    """
    moved, held = escrow.take_rest_for_refund(session, order, event=event)
    row = Refund(
        order_id=order.id,
        payment_id=payment.id,
        cause=cause,
        currency=order.currency,
        amount_minor=held + order.fee_net_minor + order.fee_vat_minor,
        fee_net_minor=order.fee_net_minor,
        fee_vat_minor=order.fee_vat_minor,
    )
    machine.begin(session, row)
    journal_entry.refund_requested(session, row, transition=moved)
    _approve_by_policy(session, row)
    return row


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
    _ask_for_submission(session, row)
    return moved


def _ask_for_submission(session: Session, row: Refund) -> None:
    key = f"refund:{row.id}:{row.attempts + 1}"
    send(session, "commerce.refund.submit", key=key, payload={"refund_id": str(row.id)})


def begin_submission(session: Session, refund_id: UUID) -> Submission | None:
    """Says `submitted` before the provider is asked, so that a crash leaves a question, never a second refund.

    None when there is nothing to ask: it is answered already, or waits for people.
    """
    row = session.get_one(Refund, refund_id, with_for_update=True)
    if row.state is RefundState.approved:
        row.attempts += 1
        machine.apply(session, row, "submit", actor=SYSTEM, detail={"attempt": row.attempts})
    elif row.state is not RefundState.submitted or row.provider_refund_id is not None:
        return None
    intent_id = row.payment.intent_id or ""
    return Submission(row.id, intent_id, row.amount_minor, f"refund:{row.id}:{row.attempts}", row.attempts)


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
    row.provider_refund_id = row.provider_refund_id or result.id
    if row.state is RefundState.unknown:
        machine.apply(session, row, "found", actor=SYSTEM)
    if result.status == "succeeded" and row.state is RefundState.submitted:
        moved = machine.apply(session, row, "psp_succeeded", actor=actor)
        journal_entry.refund_succeeded(session, row, transition=moved)
        return True
    if result.status in {"failed", "canceled"}:
        return _failed(session, row, result, actor)
    return False


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
        return True
    if row.state is RefundState.succeeded:
        moved = machine.apply(session, row, "psp_failed_late", actor=actor, reason=row.last_error)
        journal_entry.refund_bounced(session, row, transition=moved)
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


def retry(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """Once more, under a new key: only after the provider said that the last attempt failed."""
    moved = machine.apply(session, row, "retry", actor=actor)
    row.provider_refund_id = None
    session.flush()
    _ask_for_submission(session, row)
    return moved


def not_found(session: Session, row: Refund) -> Transition:
    """The provider says there is no such refund: asked again, as a new attempt."""
    moved = machine.apply(session, row, "not_found", actor=SYSTEM)
    _ask_for_submission(session, row)
    return moved


@timer.on_timer("refund", "no_answer")
def no_answer(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """A day without an answer: the sweep asks the provider before anything else happens."""
    return machine.apply(session, row, "no_answer", actor=actor)


@timer.on_timer("refund", "deadline")
def deadline(session: Session, row: Refund, *, actor: Actor) -> Transition:
    """Fourteen days after the request it is approved by law (CCR 2013 reg. 34)."""
    moved = machine.apply(session, row, "deadline", actor=actor)
    _ask_for_submission(session, row)
    return moved


def to_sweep(session: Session, limit: int = 50) -> list[tuple[UUID, str, str | None]]:
    """Refunds the provider owes us a word about: (refund, intent, provider's refund id)."""
    query = (
        sa.select(Refund.id, Payment.intent_id, Refund.provider_refund_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Refund.state.in_((RefundState.submitted, RefundState.unknown)),
            Refund.state_entered_at < clock.now() - POLLED_AFTER,
        )
        .order_by(Refund.state_entered_at)
        .limit(limit)
    )
    return [(refund_id, intent_id or "", provider_id) for refund_id, intent_id, provider_id in session.execute(query)]


@machine.guard("refund", "cancel", "reject")
def _may_be_stopped(_session: Session, _row: Refund, _arguments: object) -> str | None:
    """A refund is made in the transaction that empties its hold: stopping it would leave the money with nobody."""
    return "The hold was emptied for this refund: the money can only go to the customer."


@machine.guard("refund", "retry")
def _few_attempts(_session: Session, row: Refund, _arguments: object) -> str | None:
    return None if row.attempts < MOST_ATTEMPTS else "It failed three times. Send the money another way."
