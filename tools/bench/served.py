"""A program of our own beside the product, and eight clients that knock at a door as a provider does."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.embedded import leashed

CLIENTS = 8
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Knock:
    """One request that was prepared before the clock ran."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def gunicorn(application: str, env: Mapping[str, str] | None = None, server: Sequence[str] = ()) -> Iterator[str]:
    """The same server with the same settings as the product, at an address of its own; `server` is another's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = server or (sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py")
    argv = [*server, "-b", f"127.0.0.1:{port}", application]
    quiet = {"LOG_LEVEL": "WARNING", **(env or {})}  # nobody reads its lines, and the product's go to a file
    process = subprocess.Popen(leashed(argv, signal.SIGTERM), env={**os.environ, **quiet})
    try:
        end = time.monotonic() + _PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{application} does not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def knock(address: str, knocks: Sequence[Knock], *, per_second: float | None = None) -> list[float]:
    """Sends all of them from eight clients at once and answers the seconds that each took.

    Paced, a request is due at its time whether or not the ones before it were answered, and its seconds count from
    then: a door that is slow for a moment is not spared those that wait outside. Raises RuntimeError for any answer
    but 200.
    """
    there = urlsplit(address)
    taken: list[float] = [0.0] * len(knocks)
    wrong: list[str] = []
    begin = time.perf_counter() + 0.05

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=30)
        try:
            for place in range(number, len(knocks), CLIENTS):
                due = begin + place / per_second if per_second else time.perf_counter()
                time.sleep(max(0.0, due - time.perf_counter()))
                one = knocks[place]
                connection.request("POST", there.path or "/", one.body, dict(one.headers))
                answer = connection.getresponse()
                answer.read()
                taken[place] = time.perf_counter() - due
                if answer.status != http.HTTPStatus.OK:
                    wrong.append(str(answer.status))
        except OSError as error:
            wrong.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(knocks)} were not accepted: {wrong[:3]}")
    return taken
