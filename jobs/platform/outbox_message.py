"""Clockwork for the outbox itself."""

from __future__ import annotations

from app.services.platform import outbox_message
from jobs.base import JobRun, job


@job("platform.outbox_message.prune")
def prune(run: JobRun) -> None:
    """What was done more than thirty days ago is forgotten, some thousand rows at a time; dead letters never are."""
    while True:
        with run.transaction() as session:
            gone = outbox_message.forget(session)
        if gone < outbox_message.BATCH:
            return
