"""Real processes for a test: started on a leash against one database and one queue, stopped when the test ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from app.embedded import leashed
from tests.databases import ROOT, SETTINGS, Database

T = TypeVar("T")


def wait_for(what: Callable[[], T], seconds: float = 15.0) -> T:
    """The first true answer. Raises AssertionError when none comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


@dataclass
class Processes:
    """`web()`, `worker()`, `clock()`, `sealer()`, `payments()`, `mail()`: each hands back its Popen; `env` is what they
    see."""

    env: dict[str, str]
    logs: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    base_url: str = ""

    @classmethod
    def against(cls, database: Database, redis_url: str, folder: Path) -> Processes:
        port, payments, smtp, mail_page = free_port(), free_port(), free_port(), free_port()
        env = {**os.environ, **SETTINGS, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), "WEB_WORKERS": "1"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        env.update(
            DATABASE_URL=database.url,
            MIGRATION_DATABASE_URL=database.owner_url,
            REDIS_URL=redis_url,
            STORAGE_URL=(folder / "storage").as_uri(),
            BASE_URL=f"http://127.0.0.1:{port}",
            PAYMENTS_URL=f"http://127.0.0.1:{payments}",
            PAYMENTS_PUBLIC_URL=f"http://127.0.0.1:{payments}",
            PAYMENTS_STATE=str(folder / "payments.sqlite"),
            SMTP_URL=f"smtp://127.0.0.1:{smtp}",
            MAIL_PORT=str(smtp),
            MAIL_PAGE_PORT=str(mail_page),
            MAIL_STATE=str(folder / "mail.sqlite"),
        )
        return cls(env, folder, base_url=env["BASE_URL"])

    def spawn(self, name: str, *argv: str, **env: str) -> subprocess.Popen[bytes]:
        """Any command, with `env` on top of the shared one. Its output goes to <name>.log of the test's folder."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                leashed([*argv], signal.SIGKILL),
                env={**self.env, **env},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def module(self, name: str, module: str, *argv: str, **env: str) -> subprocess.Popen[bytes]:
        return self.spawn(name, sys.executable, "-m", module, *argv, **env)

    def worker(self, **env: str) -> subprocess.Popen[bytes]:
        return self.module("worker", "jobs.worker", **env)

    def clock(self, **env: str) -> subprocess.Popen[bytes]:
        return self.module("clock", "jobs.clock", **env)

    def sealer(self, **env: str) -> subprocess.Popen[bytes]:
        return self.module("sealer", "jobs.sealer", **env)

    def payments(self) -> subprocess.Popen[bytes]:
        port = self.env["PAYMENTS_URL"].rpartition(":")[2]
        process = self.module("payments", "app.simulators.payments", "--port", port)
        self.wait_until_open(process, int(port))
        return process

    def mail(self) -> subprocess.Popen[bytes]:
        process = self.module("mail", "app.simulators.mail")
        self.wait_until_open(process, int(self.env["MAIL_PORT"]))
        return process

    def web(self, **env: str) -> subprocess.Popen[bytes]:
        """gunicorn, answering /healthz when this returns."""
        address = self.base_url.removeprefix("http://")
        argv = ("-c", "gunicorn.conf.py", "-b", address, "app.factory:create_app()")
        process = self.module("web", "gunicorn", *argv, **env)
        wait_for(lambda: process.poll() is not None or answers(f"{self.base_url}/healthz"), 30)
        assert process.poll() is None, self.log("web")
        return process

    def wait_until_open(self, process: subprocess.Popen[bytes], port: int) -> None:
        def listening() -> bool:
            with socket.socket() as probe:
                return process.poll() is not None or probe.connect_ex(("127.0.0.1", port)) == 0

        wait_for(listening)
        assert process.poll() is None, f"ended with {process.returncode}"

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.terminate()
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(4)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
