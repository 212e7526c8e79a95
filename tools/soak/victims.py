"""Which programs die, and when. The seed chooses; only children of our own supervisor are touched, by their number."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = {
    "web": "gunicorn",
    "worker": "jobs.worker",
    "clock": "jobs.clock",
    "sealer": "jobs.sealer",
    "payments": "app.simulators.payments",
    "postgres": "bin/postgres",
    "valkey": "valkey-server",
}
"""Name and a word of its command line."""
CHILDREN = {"web process": "web", "work horse": "worker", "database session": "postgres"}
"""Parts of a program that die alone."""
EVERYBODY = (*PROGRAMS, *CHILDREN)
LEAST_PAUSE, LONGEST_PAUSE = 2.5, 7.0
"""Seconds between two kills."""
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Kill:
    """`at` seconds after the beginning, `victim` ends without warning. `which` picks among several alike."""

    at: float
    victim: str
    which: float


def plan(seed: int, seconds: float) -> list[Kill]:
    """The same kills for the same seed; everybody once before anybody twice, as far as the time goes."""
    chance = random.Random(seed)  # noqa: S311  chance that can be repeated
    kills: list[Kill] = []
    queue: list[str] = []
    at = chance.uniform(1.0, LEAST_PAUSE)
    while at < seconds:
        if not queue:
            queue = chance.sample(EVERYBODY, len(EVERYBODY))
        kills.append(Kill(at, queue.pop(), chance.random()))
        at += chance.uniform(LEAST_PAUSE, LONGEST_PAUSE)
    return kills


@dataclass
class Killer:
    """Kills children of the process `supervisor`, and counts them."""

    supervisor: int
    killed: Counter[str] = field(default_factory=Counter)

    def strike(self, kill: Kill) -> bool:
        """False when nobody of that name was alive, nor came to life within two seconds: a work horse lives briefly."""
        end = time.monotonic() + PATIENCE
        while not (pids := sorted(self.find(kill.victim))):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        try:
            os.kill(pids[int(kill.which * len(pids))], signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed[kill.victim] += 1
        return True

    def find(self, victim: str) -> list[int]:
        """Numbers of the processes of that name that live now."""
        if parent := CHILDREN.get(victim):
            found = [child for program in self.find(parent) for child, _ in _children(program)]
            return [pid for pid in found if victim != "database session" or b"postgres: fixnado" in _words(pid)]
        return [pid for pid, words in _children(self.supervisor) if PROGRAMS[victim].encode() in words]


def _children(parent: int) -> Iterator[tuple[int, bytes]]:
    """Living children with their command lines."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == parent and after_name[0] != "Z":
            pid = int(place.name)
            yield pid, _words(pid)


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return b""
