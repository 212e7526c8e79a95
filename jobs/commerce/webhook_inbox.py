"""Clockwork for the provider's messages."""

from __future__ import annotations

from uuid import UUID

from app.services.commerce import webhook_inbox
from jobs.base import JobRun, NotYet, job

AGAIN_SECONDS = 20


@job("commerce.webhook_inbox.apply")
def apply(run: JobRun, *, inbox_id: str) -> None:
    """Reads the object again at the provider and applies what it is now."""
    key = UUID(inbox_id)
    with run.transaction() as session:
        read = webhook_inbox.reading(session, key)
    if read is None:
        return
    present = _present(run, read)
    with run.transaction() as session:
        known = webhook_inbox.apply(session, key, read, present)
    if not known:
        raise NotYet(AGAIN_SECONDS)


def _present(run: JobRun, read: webhook_inbox.Reading) -> webhook_inbox.Present:
    if read.intent_id:
        return run.parts.payments.intent(read.intent_id)
    if read.refund_id:
        return run.parts.payments.refund_by_id(read.refund_id)
    if read.dispute_id:
        return run.parts.payments.dispute(read.dispute_id)
    return None
