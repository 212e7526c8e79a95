"""Clockwork for timers."""

from __future__ import annotations

from app.services.platform import timer
from jobs.base import JobRun, job


@job("platform.timer.fire")
def fire(run: JobRun, *, timer_id: int) -> None:
    """Does what the timer says, if its subject is still where it was."""
    with run.finish() as session:
        timer.fire(session, timer_id)
