"""One thread and one loop that keep the programs alive.

Children live in their own sessions, so Ctrl-C reaches only us. They die with us (PR_SET_PDEATHSIG), are started again
with growing pauses, and are told to stop in order: programs first, servers last.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import urlsplit

from app.embedded import EmbeddedError, Server, leashed
from app.supervise.home import ROOT
from app.supervise.terminal import say

GRACE, HARD = 2.5, 1.5  # seconds: SIGTERM, then SIGTERM again (RQ's cold shutdown), then SIGKILL
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY = 30.0  # seconds after which a program counts as started
GIVE_UP = 4  # deaths in a row before anything was ready: it will not get better


@dataclass
class Program:
    """`last=True`: the command the others are started for; when it ends, everything stops with its exit code."""

    name: str
    argv: list[str]
    inherits: tuple[int, ...] = ()
    last: bool = False
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    due: float = 0.0

    def pause(self) -> float:
        return PAUSES[min(max(self.failures, 1), len(PAUSES)) - 1]


@dataclass
class Supervisor:
    """Starts, watches and stops the programs, and tells when the product is ready."""

    programs: list[Program]
    servers: dict[str, Server]
    env: dict[str, str]
    probe: str
    when_ready: Callable[[], None]
    log: IO[str] | None = None
    then: Program | None = None
    ready: bool = False
    code: int | None = None
    _signalled: bool = False
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, patience: float) -> int:
        """Until a signal, the end of `then`, or a program that cannot start. `patience`: seconds to become ready."""
        wake = self._catch_signals()
        began = time.monotonic()
        while self.code is None and not self._signalled:
            self._spawn_what_is_due()
            for key, _ in self._selector.select(timeout=0.2):
                if key.data is None:
                    os.read(wake, 4096)
                else:
                    self._relay(key.fileobj, key.data)  # type: ignore[arg-type]
            self._reap()
            if not self.ready and self.code is None:
                self._look_whether_ready(time.monotonic() - began, patience)
        self._stop_all()
        return self.code or 0

    def _catch_signals(self) -> int:
        read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes the loop
        self._selector.register(read, selectors.EVENT_READ, None)
        return read

    def _ask_to_stop(self, *_: object) -> None:
        self._signalled = True

    def _look_whether_ready(self, waited: float, patience: float) -> None:
        if self.programs[0].process is not None and _answers(self.probe):
            self.ready = True
            self.when_ready()
            if self.then is not None:
                self.programs.append(self.then)
        elif waited > patience:
            say(f"{self.probe} did not answer within {patience:.0f} s; the lines above say why")
            self.code = 1

    def _spawn_what_is_due(self) -> None:
        now = time.monotonic()
        for program in self.programs:
            if program.process is None and now >= program.due:
                self._spawn(program)

    def _spawn(self, program: Program) -> None:
        output = None if program.last else subprocess.PIPE
        program.started = time.monotonic()
        program.process = process = subprocess.Popen(
            leashed(program.argv, signal.SIGTERM),
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if program.last else subprocess.STDOUT,
            pass_fds=program.inherits,
            start_new_session=True,
        )
        if process.stdout:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, program)

    def _relay(self, stream: IO[bytes], program: Program) -> None:
        chunk = stream.read(65536)
        if not chunk:
            self._selector.unregister(stream)
            stream.close()
            return
        for line in chunk.decode(errors="replace").splitlines():
            self._tell(line, program.name)

    def _tell(self, line: str, who: str = "run") -> None:
        if self.log is None:
            say(line, who)
        else:
            self.log.write(f"{who:<9}| {line}\n")
            self.log.flush()

    def _reap(self) -> None:
        for program in self.programs:
            if program.process is not None and program.process.poll() is not None:
                self._bury(program, program.process)
        for name, server in self.servers.items():
            if server.process is not None and server.process.poll() is not None:
                self._tell(f"{name} ended with {server.process.returncode}; starting it again")
                try:
                    server.start()
                except EmbeddedError as error:
                    say(str(error))
                    self.code = 1

    def _bury(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        lived = time.monotonic() - program.started
        _kill_group(process.pid)
        program.process = None
        if program.last:
            self.code = process.returncode if process.returncode >= 0 else 128 - process.returncode
            return
        program.failures = 0 if lived > STEADY else program.failures + 1
        program.due = time.monotonic() + program.pause()
        self._tell(f"{program.name} ended with {process.returncode}; again in {program.pause():g} s")
        if not self.ready and program.failures >= GIVE_UP:
            say(f"{program.name} cannot start; its lines above say why")
            self.code = 1

    def _stop_all(self) -> None:
        began = time.monotonic()
        self._tell("stopping")
        live = [p.process for p in self.programs if p.process is not None]
        groups = [process.pid for process in live]
        for wait in (GRACE, HARD):
            for process in live:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
            end = time.monotonic() + wait
            while live and time.monotonic() < end:
                live = [p for p in live if p.poll() is None]
                time.sleep(0.02)
        for pid in groups:
            _kill_group(pid)
        for process in live:
            process.wait(2)
        for server in reversed(self.servers.values()):
            server.stop(timeout=2.0)
        self._tell(f"all stopped in {time.monotonic() - began:.1f} s")


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=1)  # asks no proxy
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
