"""Clockwork for the keys of forms and of the API."""

from __future__ import annotations

from app.services.platform import idempotency_key
from jobs.base import JobRun, job
from models.types import utc_now


@job("platform.idempotency_key.prune")
def prune(run: JobRun) -> None:
    """Answers are kept for thirty days; nobody sends a form again after that."""
    while True:
        with run.transaction() as session:
            gone = idempotency_key.prune(session, now=utc_now())
        if gone < idempotency_key.BATCH:
            return
