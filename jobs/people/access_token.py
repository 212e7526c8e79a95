"""Clockwork for the tokens of the API."""

from __future__ import annotations

from app.services.people import access_token
from jobs.base import JobRun, job
from models.types import utc_now


@job("people.access_token.prune")
def prune(run: JobRun) -> None:
    """Tokens that ended a month ago are of no use to anybody."""
    while True:
        with run.transaction() as session:
            gone = access_token.prune(session, now=utc_now())
        if gone < access_token.BATCH:
            return
