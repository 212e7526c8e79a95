"""Answers to what people asked who had not shown who they are."""

from __future__ import annotations

from uuid import UUID

from app.services.people import account_request
from jobs.base import JobRun, job
from models.people.account_request import AccountRequest


@job("people.account_request.answer")
def answer(run: JobRun, *, request_id: str) -> None:
    """By mail. A request that is gone was answered."""
    with run.finish() as session:
        row = session.get(AccountRequest, UUID(request_id), with_for_update=True)
        if row is not None:
            account_request.answer(session, row)
