"""Clockwork for files."""

from __future__ import annotations

import structlog

from jobs.base import JobRun, job

log = structlog.get_logger("jobs")


@job("platform.stored_file.discard_unfinished")
def discard_unfinished(run: JobRun) -> None:
    """What killed programs left half-written in storage a day ago is gone."""
    if removed := run.parts.storage.discard_unfinished():
        log.info("unfinished files removed", count=removed)
