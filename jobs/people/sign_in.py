"""Clockwork for sessions."""

from __future__ import annotations

from app.services.people import sign_in
from jobs.base import JobRun, job
from models.types import utc_now


@job("people.sign_in.prune")
def prune(run: JobRun) -> None:
    """A session that was not used for 90 days says nothing any more; with it goes the address it came from."""
    while True:
        with run.transaction() as session:
            gone = sign_in.prune(session, now=utc_now())
        if gone < sign_in.BATCH:
            return
