"""Clockwork for refunds: asked of the provider, outside a transaction, under one key per attempt."""

from __future__ import annotations

from uuid import UUID

from app.clients.payments import PaymentsRefused, PaymentsUnknown
from app.services.commerce import refund
from jobs.base import JobRun, job
from models.commerce.refund import Refund


@job("commerce.refund.submit")
def submit(run: JobRun, *, refund_id: str) -> None:
    """An answer lost on the way is looked up, and asked for again under the same key. A refusal is looked up too, for
    the answer to an earlier try may have been lost; only when there is none is it for people."""
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
    except (PaymentsRefused, PaymentsUnknown) as error:
        # under the same key the provider repeats its first answer, its own failure too: only looking it up tells
        found = run.parts.payments.refunds_of(asked.intent_id, reference=refund_id)
        made = any(one.metadata.get(refund.ATTEMPT) == f"{asked.attempt}" for one in found)
        if not made and isinstance(error, PaymentsUnknown):
            raise
        with run.finish() as session:
            if made:
                refund.heard(session, UUID(refund_id), found)
            else:
                refund.refused(session, UUID(refund_id), str(error))
        return
    with run.finish() as session:
        refund.follow(session, session.get_one(Refund, UUID(refund_id)), result)
