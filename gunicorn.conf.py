"""Web server settings, for a laptop and for production; the environment changes the numbers."""

from __future__ import annotations

import os
from typing import Any

from prometheus_client import multiprocess

worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = os.environ.get("WEB_PRELOAD", "1") == "1"
timeout = 30
graceful_timeout = int(os.environ.get("WEB_GRACE", "2"))  # seconds; production gives requests 30
keepalive = 5
max_requests, max_requests_jitter = 5000, 500
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - heartbeats belong in memory
control_socket_disable = True  # otherwise one socket in the home folder is shared by every clone of a user
accesslog = None  # the application logs each request with its id
loglevel = os.environ.get("WEB_LOG", "warning")
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
limit_request_line = 8190


def post_fork(_server: Any, _worker: Any) -> None:
    """A pool made before the fork would share its sockets with its siblings."""
    from app.session import engine  # late: without preload the application is not imported yet

    try:
        engine().dispose(close=False)
    except RuntimeError:
        return  # not configured yet: no preload


def child_exit(_server: Any, worker: Any) -> None:
    """Forgets the gauges of a worker that is gone."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)
