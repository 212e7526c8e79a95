"""Clockwork for news of decisions about listings."""

from __future__ import annotations

from app.services.moderation import listing_news
from jobs.base import JobRun, job


@job("moderation.listing_news.tell")
def tell(run: JobRun, *, event: str, moved: int) -> None:
    """The provider knows what was decided about its listing, and why, once."""
    with run.finish() as session:
        listing_news.tell(session, event=event, moved=moved)
