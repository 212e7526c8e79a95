"""What cannot work is said in one sentence, and the exit code is not zero."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from app.embedded import EmbeddedError, Postgres, check_room
from app.supervise import checks
from app.supervise.home import Home
from app.supervise.terminal import Trouble
from tests.boot.product import all_gone, environment, supervise
from tests.databases import ROOT, Database


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    all_gone(folder)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The only line of the error output of a command that failed."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_port_that_is_taken(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = one_sentence(supervise(home, "--port", str(port)))
    assert said == f"port {port} on 127.0.0.1 is taken or not allowed; say another: make run PORT=8080"


@pytest.mark.parametrize("port", ["eighty", "70000"])
def test_a_port_that_is_none(home: Path, port: str) -> None:
    assert "is not a port number" in one_sentence(supervise(home, "--port", port))


def test_a_free_port_is_found_beside_a_taken_one() -> None:
    with checks.listen(None, [0]) as taken:
        port = taken.getsockname()[1]
        with checks.listen(None, [port, 0]) as other:
            assert other.getsockname()[1] != port
        with pytest.raises(Trouble, match="are taken"):
            checks.listen(None, [port])


def test_a_database_that_does_not_answer(home: Path) -> None:
    said = one_sentence(supervise(home, DATABASE_URL="postgresql://shop:hidden-word@127.0.0.1:1/shop"))
    assert said.startswith("DATABASE_URL: PostgreSQL at 127.0.0.1:1/shop cannot be used: ")
    assert "refused" in said
    assert "hidden-word" not in said


def test_an_owner_address_that_does_not_answer(home: Path, database_url: str) -> None:
    owner = "postgresql://owner:hidden-word@127.0.0.1:1/shop"
    said = one_sentence(supervise(home, DATABASE_URL=database_url, MIGRATION_DATABASE_URL=owner))
    assert said.startswith("MIGRATION_DATABASE_URL: ")


def test_a_redis_that_does_not_answer(home: Path, database_url: str) -> None:
    said = one_sentence(supervise(home, DATABASE_URL=database_url, REDIS_URL="redis://:hidden-word@127.0.0.1:1/0"))
    assert said.startswith("REDIS_URL: Redis at 127.0.0.1:1/0 cannot be reached: ")
    assert "hidden-word" not in said


@pytest.fixture
def old_postgres() -> Iterator[int]:
    """Speaks just enough of the protocol to say that it is PostgreSQL 14.9."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                while True:
                    (length,) = struct.unpack("!i", peer.recv(4, socket.MSG_WAITALL))
                    (code,) = struct.unpack("!i", peer.recv(length - 4, socket.MSG_WAITALL)[:4])
                    if code >> 16 == 3:
                        break
                    peer.sendall(b"N")  # no TLS, no GSSAPI
                settings = {"server_version": "14.9", "client_encoding": "UTF8", "standard_conforming_strings": "on"}
                peer.sendall(message(b"R", struct.pack("!i", 0)))
                for name, value in settings.items():
                    peer.sendall(message(b"S", f"{name}\0{value}\0".encode()))
                peer.sendall(message(b"K", struct.pack("!ii", 1, 1)) + message(b"Z", b"I"))
                peer.recv(64)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_postgresql_that_is_too_old(home: Path, old_postgres: int) -> None:
    said = one_sentence(supervise(home, DATABASE_URL=f"postgresql://shop@127.0.0.1:{old_postgres}/shop"))
    assert said == (f"DATABASE_URL: PostgreSQL 14 at 127.0.0.1:{old_postgres}/shop is too old; 15 or later is needed")


def test_a_role_that_may_not_act_for_the_product(committed: Database) -> None:
    with psycopg.connect(committed.superuser_url, autocommit=True) as admin:
        admin.execute(f"create role stranger_{os.getpid()} login".encode())
    url = committed.url.replace("fixnado_app@", f"stranger_{os.getpid()}@")
    with pytest.raises(Trouble, match="run once as a superuser: grant fixnado_application to"):
        checks.application_role(url)
    checks.application_role(committed.url)


def test_a_disk_without_room_is_found_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20 * 2**20))
    with pytest.raises(EmbeddedError, match="is full: 20 MB free, 300 MB needed"):
        check_room(tmp_path)


def test_a_server_that_ran_out_of_disk_says_so(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    server.log.write_text('FATAL:  could not write lock file "postmaster.pid": No space left on device\n')
    assert server._why() == f"the disk of {tmp_path} is full: Postgres cannot write there"


def test_a_full_disk_for_real(home: Path) -> None:
    """On a small disk of its own, where this machine lets a namespace have one."""
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    small = f"mount -t tmpfs -o size=12m none {home} && "
    if not shutil.which("unshare") or subprocess.run([*namespace, small + "true"], capture_output=True).returncode:
        return  # the two tests above hold without it
    run = f"exec {sys.executable} -m app.supervise --with true"
    done = subprocess.run(
        [*namespace, small + run], cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=60
    )
    assert "is full" in one_sentence(done)


def test_a_second_start_in_the_same_folder(home: Path) -> None:
    lock = Home(home).must_lock()
    Home(home).sign_lock(lock, "http://127.0.0.1:8123/")
    with lock:
        said = one_sentence(supervise(home))
    assert said == f"already running here: pid {os.getpid()} http://127.0.0.1:8123/ (stop it with `make stop`)"


def test_stopping_what_does_not_run(home: Path) -> None:
    done = supervise(home, "--stop")
    assert (done.returncode, done.stdout) == (0, "run      | nothing runs here\n")


def test_secrets_are_made_once_and_are_private(home: Path) -> None:
    first = Home(home).installation_secrets()
    assert Home(home).installation_secrets() == first
    assert (home / "installation.env").stat().st_mode & 0o777 == 0o600
    assert all(len(value) >= 24 for value in first.values())
