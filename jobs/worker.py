"""The RQ worker process: everything is imported once, before the first fork; sockets are dropped in the child."""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import Any

from redis.exceptions import RedisError
from rq import Queue, Worker
from sqlalchemy.orm import configure_mappers

from app import observability
from app.services.platform import outbox_message
from app.session import engine, session_scope
from jobs.base import QUEUES, load_all, worker_parts
from reports.layout import press

PR_SET_PDEATHSIG = 1


class AppWorker(Worker):
    """Work horses die with their worker (kill -9 included) and never share its database sockets."""

    def main_work_horse(self, *args: Any, **kwargs: Any) -> None:
        """Runs in the child."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        engine().dispose(close=False)
        super().main_work_horse(*args, **kwargs)


def _warm_up() -> None:
    """What every child would do again for its first statement is done once here: mappers, dialect, compiled SQL.

    And for its first document: importing the typesetter takes a second.
    """
    press.warm_up()
    configure_mappers()
    with session_scope() as session:
        outbox_message.take(session, 0, 0)
    engine().dispose()


def main() -> None:
    """Works until told to stop. Short times, so that a killed machine's job is seen within a minute."""
    parts = worker_parts()
    observability.setup(parts.config.log_level, "worker", parts.config.otel_exporter_otlp_endpoint)
    load_all()
    _warm_up()
    connection = parts.redis
    connection.connection_pool.connection_kwargs.pop("socket_timeout", None)  # the worker waits on purpose
    queues = [Queue(name, connection=connection, serializer="json") for name in QUEUES]
    worker = AppWorker(
        queues,
        connection=connection,
        serializer="json",
        worker_ttl=30,
        maintenance_interval=30,
        job_monitoring_interval=5,
    )
    try:
        worker.work(with_scheduler=False, logging_level="WARNING")
    except RedisError as error:
        sys.exit(f"worker: Redis does not answer ({error}); nothing is lost, the outbox keeps it")


if __name__ == "__main__":
    main()
