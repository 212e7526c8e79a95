"""A supervisor under test: started in a folder of its own, watched through its output and through /proc."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from tests.databases import ROOT, SETTINGS
from tests.processes import wait_for

OURS = ["DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "STORAGE_URL", "PORT", "SEED", *SETTINGS]


def environment(home: Path, **more: str) -> dict[str, str]:
    """As on a person's machine: nothing of the test run, and `home` as a mark to find every descendant by."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "EMBEDDED_HOME": str(home), "EMBEDDED_DURABLE": "0", "WEB_WORKERS": "1", **more}


def supervise(home: Path, *words: str, seconds: float = 60, **more: str) -> subprocess.CompletedProcess[str]:
    """`python -m app.supervise …` to its end."""
    command = [sys.executable, "-m", "app.supervise", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment(home, **more), capture_output=True, text=True, timeout=seconds
    )


def descendants(home: Path) -> dict[int, str]:
    """Every living process that was started for `home`: its pid and command. (Valkey overwrites its environment.)"""
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            marked = f"EMBEDDED_HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0")
            if marked or (entry / "cwd").readlink().is_relative_to(home):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def all_gone(home: Path, seconds: float = 10) -> None:
    """Raises AssertionError naming what is still alive."""
    end = time.monotonic() + seconds
    while left := descendants(home):
        assert time.monotonic() < end, f"left running: {left}"
        time.sleep(0.05)


@dataclass
class Product:
    """`start()` returns when it says it is ready."""

    home: Path
    process: subprocess.Popen[bytes] | None = None
    url: str = ""
    seconds: float = 0.0
    more: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> str:
        path = self.home.with_suffix(".out")
        return path.read_text(errors="replace") if path.exists() else ""

    def launch(self) -> subprocess.Popen[bytes]:
        with self.home.with_suffix(".out").open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.supervise"],
                cwd=ROOT,
                env=environment(self.home, **self.more),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        return self.process

    def start(self) -> Product:
        began = time.monotonic()
        process = self.launch()
        wait_for(lambda: process.poll() is not None or "ready: http" in self.output, 90)
        assert process.poll() is None, self.output
        self.seconds = time.monotonic() - began
        found = re.search(r"ready: (http://\S+)/", self.output)
        assert found
        self.url = found.group(1)
        return self

    def status(self, path: str = "/readyz") -> int:
        """0 when nothing answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=3) as answer:
                return int(answer.status)
        except OSError:
            return 0

    def pid_of(self, words: str) -> int:
        """The oldest process whose command has these words (a master is older than its workers)."""
        return min(pid for pid, command in descendants(self.home).items() if words in command)

    def end(self, sig: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(sig)
        return self.process.wait(20)
