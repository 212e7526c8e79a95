"""Tracing is off unless a collector is named; then the spans of a request and of its job reach it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.databases import ROOT

ONE_JOB = """
import sys
from opentelemetry import trace
from app import observability
observability.setup("WARNING", "worker", sys.argv[1])
with observability.job_context("commerce.contract.write", "request-7", ""):
    print(repr(observability.current_traceparent()))
if sys.argv[1]:
    trace.get_tracer_provider().shutdown()
"""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Takes whatever is sent: (address, what came)."""
    came: list[tuple[str, bytes]] = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Sink)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", came
    server.shutdown()
    thread.join(5)
    server.server_close()


def _run(address: str) -> str:
    command = [sys.executable, "-c", ONE_JOB, address]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def test_without_a_collector_there_is_no_trace() -> None:
    assert _run("") == "''"


def test_the_span_of_a_job_reaches_the_collector(collector: tuple[str, list[tuple[str, bytes]]]) -> None:
    address, came = collector
    traceparent = _run(address)
    ((path, body),) = came
    assert path == "/v1/traces"
    assert b"commerce.contract.write" in body
    assert b"fixnado-worker" in body
    assert bytes.fromhex(traceparent.strip("'").split("-")[1]) in body
