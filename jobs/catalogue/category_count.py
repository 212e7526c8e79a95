"""Clockwork for the numbers beside categories and filters."""

from __future__ import annotations

from app.services.catalogue import category_count
from jobs.base import JobRun, job


@job("catalogue.category_count.refresh")
def refresh(run: JobRun) -> None:
    """They are a few minutes old at most."""
    with run.finish() as session:
        category_count.refresh(session)
