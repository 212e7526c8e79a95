"""Clockwork for refunds: asked of the provider, outside a transaction, under one key per attempt."""

from __future__ import annotations

from uuid import UUID

from app.clients.payments import PaymentsRefused
from app.services.commerce import refund
from jobs.base import JobRun, job
from models.commerce.refund import Refund


@job("commerce.refund.submit")
def submit(run: JobRun, *, refund_id: str) -> None:
    """An answer lost on the way is asked for again under the same key; a refusal is for people."""
    with run.transaction() as session:
        asked = refund.begin_submission(session, UUID(refund_id))
    if asked is None:
        return
    try:
        result = run.parts.payments.refund(
            asked.intent_id,
            amount_minor=asked.amount_minor,
            reference=refund_id,
            key=asked.key,
            metadata={refund.ATTEMPT: f"{asked.attempt}"},
        )
    except PaymentsRefused as error:
        with run.finish() as session:
            refund.refused(session, UUID(refund_id), str(error))
        return
    with run.finish() as session:
        refund.follow(session, session.get_one(Refund, UUID(refund_id)), result)
