"""The mailbox as a real process: SMTP on loopback, and what it got."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.embedded import leashed
from tests.databases import ROOT
from tests.processes import answers, free_port, wait_for


@dataclass
class Mailbox:
    """`url` is for mail clients, `page` for people."""

    url: str
    page: str

    def got(self, to: str = "") -> list[dict[str, Any]]:
        """What came, oldest first."""
        found = httpx.get(f"{self.page}/messages.json", params={"to": to}, trust_env=False).json()
        return list(reversed(found))

    def clear(self) -> None:
        httpx.post(f"{self.page}/clear", trust_env=False)


@contextmanager
def running(folder: Path) -> Iterator[Mailbox]:
    port, page = free_port(), free_port()
    argv = ["--port", str(port), "--page-port", str(page), "--state", str(folder / "mail.sqlite")]
    command = leashed([sys.executable, "-m", "app.simulators.mail", *argv], signal.SIGTERM)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{page}/healthz"))
        assert process.poll() is None, "the mailbox did not start"
        yield Mailbox(f"smtp://127.0.0.1:{port}", f"http://127.0.0.1:{page}")
    finally:
        process.terminate()
        process.wait(5)
