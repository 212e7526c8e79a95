"""Clockwork for payments: opened, voided and asked about at the provider, always outside a transaction."""

from __future__ import annotations

from uuid import UUID

from app.clients.payments import PaymentsRefused
from app.services.commerce import capture, payment, refund
from jobs.base import JobRun, job
from models.commerce.payment import Payment


@job("commerce.payment.open")
def open_intent(run: JobRun, *, payment_id: str) -> None:
    """Opens the payment at the provider if the browser's request has not done so."""
    key = UUID(payment_id)
    with run.transaction() as session:
        asked = payment.opening(session, key)
    if asked.intent_id is None:
        intent = payment.open_at_provider(run.parts.payments, asked, run.parts.config.base_url)
        with run.finish() as session:
            payment.opened(session, key, intent)


@job("commerce.payment.void")
def void(run: JobRun, *, payment_id: str) -> None:
    """Cancels the payment of a checkout that is over. Paid in the meantime: then its present state is applied."""
    with run.transaction() as session:
        row = session.get_one(Payment, UUID(payment_id))
        intent_id, over = row.intent_id, row.captured_at or row.voided_at
    if intent_id is None or over:
        return
    try:
        intent = run.parts.payments.cancel_intent(intent_id, key=f"void:{payment_id}")
    except PaymentsRefused:
        intent = run.parts.payments.intent(intent_id)
    with run.finish() as session:
        capture.follow(session, session.get_one(Payment, UUID(payment_id)), intent)


@job("commerce.payment.sweep")
def sweep(run: JobRun) -> None:
    """Asks about everything whose end we have not heard of: messages may never come."""
    with run.transaction() as session:
        payments, refunds = payment.to_sweep(session), refund.to_sweep(session)
    for payment_id, intent_id in payments:
        intent = run.parts.payments.intent(intent_id)
        with run.transaction() as session:
            capture.follow(session, session.get_one(Payment, payment_id), intent)
    for refund_id, intent_id, provider_id in refunds:
        _ask_about_refund(run, refund_id, intent_id, provider_id)


def _ask_about_refund(run: JobRun, refund_id: UUID, intent_id: str, provider_id: str | None) -> None:
    found = (
        (run.parts.payments.refund_by_id(provider_id),)
        if provider_id
        else run.parts.payments.refunds_of(intent_id, reference=str(refund_id))
    )
    with run.transaction() as session:
        refund.heard(session, refund_id, found[0] if found else None)
