"""Questions with a deadline: is each part there? A part that hangs costs one thread, however often it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock

import structlog

log = structlog.get_logger(__name__)
Probe = Callable[[], None]
"""Returns when all is well; raises otherwise."""


class Probes:
    """Asks every part at the same time. An answer younger than `fresh` seconds serves everybody who asks meanwhile."""

    def __init__(self, probes: Mapping[str, Probe], *, deadline: float = 2.0, fresh: float = 1.0) -> None:
        self._probes = dict(probes)
        self._deadline = deadline
        self._fresh = fresh
        self._pool = ThreadPoolExecutor(max_workers=len(self._probes), thread_name_prefix="probe")
        self._asked: dict[str, tuple[float, Future[None]]] = {}
        self._lock = Lock()

    def ask(self) -> dict[str, str]:
        """Part → `ok`, `no answer` in time, or the kind of its error. Never more: readers are strangers."""
        with self._lock:
            asked = {name: self._question(name) for name in self._probes}
        wait(asked.values(), timeout=self._deadline)
        return {name: self._answer(name, future) for name, future in asked.items()}

    def _question(self, name: str) -> Future[None]:
        at, future = self._asked.get(name, (0.0, None))
        if future is None or (future.done() and time.monotonic() - at > self._fresh):
            at, future = time.monotonic(), self._pool.submit(self._probes[name])
            self._asked[name] = at, future
        return future

    @staticmethod
    def _answer(name: str, future: Future[None]) -> str:
        if not future.done():
            return "no answer"
        if (error := future.exception()) is None:
            return "ok"
        log.warning("not ready", part=name, error=f"{type(error).__name__}: {error}"[:500])
        return type(error).__name__
