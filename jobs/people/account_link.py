"""Clockwork for links in mails."""

from __future__ import annotations

from app.services.people import account_link, account_request
from jobs.base import JobRun, job


@job("people.account_link.prune")
def prune(run: JobRun) -> None:
    """A link that ended a month ago is of no use to anybody; with it goes the address it was for. So do requests that
    nothing could answer within a week."""
    for verb, batch in ((account_link.prune, account_link.BATCH), (account_request.prune, account_request.BATCH)):
        gone = batch
        while gone >= batch:
            with run.transaction() as session:
                gone = verb(session)
