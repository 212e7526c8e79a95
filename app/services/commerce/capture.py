"""What the provider says of a payment, applied: captured, cancelled, its fee, a decline. In any order, any number of
times."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.payments import Intent
from app.services.commerce import checkout as checkouts
from app.services.commerce import journal_entry, order, refund
from app.services.platform import clock, machine
from models.actor import Actor, ActorKind
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.payment import Payment
from models.errors import Conflict

PSP = Actor(ActorKind.psp, name="payment provider")


def follow(session: Session, row: Payment, intent: Intent, *, actor: Actor = PSP) -> bool:
    """Applies the provider's present state; False when there was nothing left to do.

    Raises Conflict when the sum is not the one we asked for: that is for people to look at.
    """
    session.flush()
    session.refresh(row, with_for_update=True)
    session.info["verb"] = "payment.follow"
    row.intent_id = row.intent_id or intent.id
    changed = _captured(session, row, intent, actor)
    if intent.status == "canceled" and row.voided_at is None and row.captured_at is None:
        row.voided_at, changed = clock.now(), True
        checkouts.payment_cancelled(session, row.checkout, actor=actor)
    changed = _fee(session, row, intent) or changed
    session.flush()
    return changed


def declined(session: Session, row: Payment, decline_code: str, *, actor: Actor = PSP) -> bool:
    """One decline, told by one event; False when the checkout no longer waits for payment."""
    session.refresh(row, with_for_update=True)  # the payment before its checkout, as `follow` does
    machine.lock(session, row.checkout)
    if row.checkout.state is not CheckoutState.awaiting_payment:
        return False
    session.info["verb"] = "payment.declined"
    row.last_decline = decline_code or "declined"
    checkouts.payment_failed(session, row.checkout, actor=actor, decline=row.last_decline)
    return True


def _captured(session: Session, row: Payment, intent: Intent, actor: Actor) -> bool:
    if intent.status != "succeeded" or row.captured_at is not None:
        return False
    if (intent.received_minor, intent.currency) != (row.amount_minor, row.currency):
        raise Conflict(f"The provider took {intent.received_minor} {intent.currency} for payment {row.id}.")
    row.captured_minor, row.captured_at = intent.received_minor, clock.now()
    session.flush()
    checkout = row.checkout
    machine.lock(session, checkout)
    detail = {"payment_id": str(row.id), "amount_minor": row.captured_minor}
    if checkout.state is CheckoutState.awaiting_payment:
        machine.apply(session, checkout, "payment_captured", actor=actor, detail=detail)
        order.place(session, checkout, row, actor=actor)
    else:
        machine.apply(session, checkout, "late_capture", actor=actor, detail=detail)
        refund.of_late_capture(session, row)
    return True


def _fee(session: Session, row: Payment, intent: Intent) -> bool:
    if intent.fee_minor is None or row.fee_minor is not None or row.captured_at is None:
        return False
    session.info["verb"] = "payment.follow"
    row.fee_minor = intent.fee_minor
    session.flush()
    if row.fee_minor:
        journal_entry.psp_fee(session, row)
    return True


@machine.guard("checkout", "payment_captured")
def _captured_the_total(session: Session, checkout: Checkout, _arguments: object) -> str | None:
    captured = session.scalar(sa.select(Payment.captured_minor).where(Payment.checkout_id == checkout.id))
    return None if captured == checkout.total_minor else "The captured sum is not the total of this checkout."
