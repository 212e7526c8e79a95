"""The worker's sign of life: a scheduled job can only have run where a worker ran."""

from __future__ import annotations

from app.services.platform import heartbeat
from jobs.base import JobRun, job


@job("platform.heartbeat.worker")
def worker(run: JobRun) -> None:
    """The whole way from clock to worker works."""
    with run.finish() as session:
        heartbeat.beat(session, "worker")
