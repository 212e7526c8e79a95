"""Clockwork for digests."""

from __future__ import annotations

from app.services.platform import notification
from jobs.base import JobRun, job


@job("platform.notification.digest")
def digest(run: JobRun) -> None:
    """Everybody whose digest is due has it as one mail; each is a commit of its own."""
    with run.transaction() as session:
        due = notification.due_digests(session)
    for user_id in due:
        with run.transaction() as session:
            notification.send_digest(session, user_id)
