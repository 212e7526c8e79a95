"""The folder of one installation (`var/`, or EMBEDDED_HOME): its lock, its secrets, and where its servers answer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from app.supervise.terminal import Trouble, say

ROOT = Path(__file__).resolve().parents[2]
SHARED = [
    *("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "STORAGE_URL", "SECRET_KEY", "BASE_URL"),
    *("PAYMENTS_URL", "PAYMENTS_PUBLIC_URL", "PAYMENTS_KEY", "PAYMENTS_WEBHOOK_SECRETS", "PAYMENTS_ENDPOINT_KEY"),
    *("SMTP_URL", "MAIL_PAGE_URL", "MAIL_STATE", "PAYMENTS_STATE", "SEAL_SIGNING_KEY", "PROMETHEUS_MULTIPROC_DIR"),
]


def _write_private(path: Path, values: dict[str, str]) -> None:
    """Readable by us alone, and whole: written beside and renamed."""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    with fresh.open("w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    fresh.replace(path)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


@dataclass
class Home:
    """`path` is made on first use. Only one supervisor holds it at a time, kill -9 included (flock)."""

    path: Path

    @classmethod
    def of_this_clone(cls) -> Home:
        home = cls(ROOT / os.environ.get("EMBEDDED_HOME", "var"))
        home.path.mkdir(parents=True, exist_ok=True)
        return home

    @property
    def _lock(self) -> Path:
        return self.path / "run.lock"

    def take_lock(self) -> TextIO | None:
        """The open lock file, or None when a supervisor runs here."""
        lock = self._lock.open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        return lock

    def must_lock(self) -> TextIO:
        if lock := self.take_lock():
            return lock
        raise Trouble(f"already running here: {self._lock.read_text().strip()} (stop it with `make stop`)")

    def sign_lock(self, lock: TextIO, address: str) -> None:
        lock.truncate(0)
        lock.write(f"pid {os.getpid()} {address}")
        lock.flush()

    def stop_the_one_that_runs(self) -> None:
        """Ends the supervisor that holds the lock, and waits until it is gone."""
        if lock := self.take_lock():
            lock.close()
            say("nothing runs here")
            return
        words = self._lock.read_text().split()
        if len(words) > 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(words[1]), signal.SIGTERM)
        with self._lock.open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
        say("stopped")

    def installation_secrets(self) -> dict[str, str]:
        """Made once for this installation and kept with mode 0600: nothing secret is in the repository."""
        kept = _read(self.path / "installation.env")
        makers: dict[str, Callable[[], str]] = {
            "SECRET_KEY": lambda: secrets.token_hex(32),
            "PAYMENTS_KEY": lambda: f"sk_test_{secrets.token_hex(16)}",
            "PAYMENTS_WEBHOOK_SECRETS": lambda: f"whsec_{secrets.token_hex(24)}",
            "PAYMENTS_ENDPOINT_KEY": lambda: secrets.token_urlsafe(18),
            "SEAL_SIGNING_KEY": lambda: secrets.token_hex(32),
        }
        values = {name: kept.get(name) or make() for name, make in makers.items()}
        if values != kept:
            _write_private(self.path / "installation.env", values)
        return values

    def publish(self, env: dict[str, str]) -> None:
        """Where everything answers, for `make shell`, `make sql` and `make demo` beside a running product."""
        _write_private(self.path / "run.env", {name: env[name] for name in SHARED if name in env})

    def published(self) -> dict[str, str]:
        return _read(self.path / "run.env")

    def forget_published(self) -> None:
        (self.path / "run.env").unlink(missing_ok=True)
