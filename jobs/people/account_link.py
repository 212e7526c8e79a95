"""Clockwork for links in mails."""

from __future__ import annotations

from app.services.people import account_link
from jobs.base import JobRun, job


@job("people.account_link.prune")
def prune(run: JobRun) -> None:
    """A link that ended a month ago is of no use to anybody; with it goes the address it was for."""
    while True:
        with run.transaction() as session:
            gone = account_link.prune(session)
        if gone < account_link.BATCH:
            return
