"""Clockwork for the provider's messages."""

from __future__ import annotations

from uuid import UUID

from app.services.commerce import webhook_inbox
from jobs.base import JobRun, NotYet, job


@job("commerce.webhook_inbox.apply")
def apply(run: JobRun, *, inbox_id: str) -> None:
    """Reads the object again at the provider and applies what it is now. What is not known here yet is looked at again
    after 20 seconds, then ever more rarely, at least every hour, until its timer gives it up."""
    key = UUID(inbox_id)
    with run.transaction() as session:
        read = webhook_inbox.reading(session, key)
    if read is None:
        return
    present = _present(run, read)
    with run.transaction() as session:
        if webhook_inbox.apply(session, key, read, present):
            return
        pause = webhook_inbox.pause(session, key)
    raise NotYet(pause.total_seconds())


@job("commerce.webhook_inbox.sweep")
def sweep(run: JobRun) -> None:
    """What waits for a dead letter becomes dead itself: there people have a duty and a button."""
    with run.transaction() as session:
        webhook_inbox.give_up_dead_letters(session)


def _present(run: JobRun, read: webhook_inbox.Reading) -> webhook_inbox.Present:
    if read.intent_id:
        return run.parts.payments.intent(read.intent_id)
    if read.refund_id:
        return run.parts.payments.refund_by_id(read.refund_id)
    if read.dispute_id:
        return run.parts.payments.dispute(read.dispute_id)
    return None
