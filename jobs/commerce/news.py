"""Clockwork for news of orders."""

from __future__ import annotations

from uuid import UUID

from app.services.commerce import news
from jobs.base import JobRun, job


@job("commerce.news.tell")
def tell(run: JobRun, *, noun: str, subject_id: str, event: str, moved: int) -> None:
    """Whoever a move concerns knows of it, once."""
    with run.finish() as session:
        news.tell(session, noun=noun, subject_id=UUID(subject_id), event=event, moved=moved)
