"""The command line of the supervisor.

    python -m app.supervise [--port N]        servers, migration, seed, then every program, until a signal
    python -m app.supervise --with COMMAND    the servers alone (running ones are borrowed), then COMMAND
    python -m app.supervise --served COMMAND  everything (a running product is borrowed), then COMMAND
    python -m app.supervise --stop            ends the one that runs here

`--prepare` migrates first (with --with). `--scratch` uses a folder of its own that is removed afterwards.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.embedded import APPLICATION, DATABASE, OWNER, EmbeddedError, Postgres, Server, Valkey, leashed
from app.supervise import checks
from app.supervise.home import ROOT, Home
from app.supervise.programs import Program, Supervisor
from app.supervise.terminal import Trouble, say

ACCOUNT = "account: "  # how `flask prepare --seed` begins the lines about who may sign in
PATIENCE = 90.0  # seconds until /readyz must answer, on a machine that is busy with other things


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.supervise")
    parser.add_argument("--port", default=os.environ.get("PORT"))
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--scratch", action="store_true")
    parser.add_argument("--with", dest="beside", nargs=argparse.REMAINDER)
    parser.add_argument("--served", nargs=argparse.REMAINDER)
    return parser.parse_args()


def _environment(home: Home, servers: dict[str, Server]) -> dict[str, str]:
    """What the programs see. Without DATABASE_URL or REDIS_URL the embedded servers are put into `servers`."""
    env = {**home.installation_secrets(), **{name: value for name, value in os.environ.items() if value}}
    env.update(PYTHONPATH=str(ROOT), FLASK_APP="app.factory", PYTHONUNBUFFERED="1")
    env["NO_PROXY"] = env["no_proxy"] = f"127.0.0.1,localhost,{env.get('NO_PROXY') or env.get('no_proxy', '')}"
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # without .pyc every start costs 2.5 s more
    env.setdefault("STORAGE_URL", (home.path / "storage").as_uri())
    env.setdefault("PAYMENTS_STATE", str(home.path / "payments.sqlite"))
    env.setdefault("MAIL_STATE", str(home.path / "mail.sqlite"))
    durable = env.get("EMBEDDED_DURABLE", "1") != "0"  # 0 where all may be lost with the machine: checks, tests
    if "DATABASE_URL" not in env:
        postgres = servers["postgres"] = Postgres(home.path / "postgres", durable)
        env["DATABASE_URL"] = postgres.url(APPLICATION, DATABASE)
        env["MIGRATION_DATABASE_URL"] = postgres.url(OWNER, DATABASE)
    if "REDIS_URL" not in env:
        valkey = servers["valkey"] = Valkey(home.path / "valkey", durable)
        env["REDIS_URL"] = valkey.url()
    return env


@contextlib.contextmanager
def _running(servers: dict[str, Server], env: dict[str, str]) -> Iterator[None]:
    """The embedded servers, up and with their roles; those of others, looked at. Stopped in any case."""
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        if "postgres" not in servers and name in env:
            checks.database(name, env[name])
    if "valkey" not in servers:
        checks.redis(env["REDIS_URL"])
    try:
        for name, server in servers.items():
            say(f"starting the embedded {name}")
            server.start()
            if isinstance(server, Postgres):
                server.create_roles()
                server.create_database()
        yield
    finally:
        for server in reversed(servers.values()):
            server.stop(timeout=2.0)


def _prepare(env: dict[str, str], *, seed: bool) -> list[str]:
    """Migrates and seeds in a process of its own. Answers the demonstration accounts, a line each."""
    say("preparing the database: migrations, roles" + (", demonstration data" if seed else ""))
    argv = [sys.executable, "-m", "flask", "prepare", *(["--seed"] if seed else [])]
    quiet = {"LOG_LEVEL": "WARNING", **env}
    done = subprocess.run(leashed(argv, signal.SIGKILL), env=quiet, cwd=ROOT, check=False, stdout=subprocess.PIPE)
    lines = done.stdout.decode(errors="replace").splitlines()
    for line in lines:
        if not line.startswith(ACCOUNT):
            say(line, "prepare")
    if done.returncode:
        raise Trouble(f"the database could not be prepared (exit {done.returncode}); the lines above say why")
    checks.application_role(env["DATABASE_URL"])
    return [line.removeprefix(ACCOUNT) for line in lines if line.startswith(ACCOUNT)]


def _programs(home: Home, env: dict[str, str], listener: int, simulators: dict[str, list[str]]) -> list[Program]:
    """Everything there is to start; `simulators` by name, with the arguments of each."""
    metrics = home.path / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)  # counters of processes that are gone
    metrics.mkdir()
    env["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    python = [sys.executable, "-m"]
    web = ["gunicorn", "-c", "gunicorn.conf.py", "-b", f"fd://{listener}", "app.factory:create_app()"]
    programs = [
        Program("web", [*python, *web], inherits=(listener,)),
        Program("worker", [*python, "jobs.worker"]),
        Program("clock", [*python, "jobs.clock"]),
        Program("sealer", [*python, "jobs.sealer"]),
    ]
    programs += [Program(name, [*python, f"app.simulators.{name}", *argv]) for name, argv in simulators.items()]
    return programs


def _simulators(env: dict[str, str], *, quiet: bool) -> dict[str, list[str]]:
    """Those third parties that the environment does not name are played here; what the programs must know is put into
    `env`. Quiet ones take any free port."""
    played: dict[str, list[str]] = {}
    if "PAYMENTS_URL" not in env:
        port = checks.free_port([] if quiet else range(8090, 8110))
        env.update(dict.fromkeys(("PAYMENTS_URL", "PAYMENTS_PUBLIC_URL"), f"http://127.0.0.1:{port}"))
        played["payments"] = ["--port", str(port)]
    if "SMTP_URL" not in env:
        port = checks.free_port([] if quiet else range(8025, 8050, 2))
        page = checks.free_port([] if quiet else range(8026, 8051, 2))
        env.update(SMTP_URL=f"smtp://127.0.0.1:{port}", MAIL_PAGE_URL=f"http://127.0.0.1:{page}")
        played["mail"] = ["--port", str(port), "--page-port", str(page)]
    return played


def _run(home: Home, port: str | None, command: list[str] | None) -> int:
    """Everything, until a signal or, for `--served`, the end of `command`."""
    lock = home.must_lock()
    quiet = command is not None
    with contextlib.ExitStack() as stack:
        stack.callback(lock.close)
        listener = stack.enter_context(checks.listen(port, [0] if quiet else range(8000, 8020)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        servers: dict[str, Server] = {}
        env = _environment(home, servers)
        env.setdefault("BASE_URL", url)
        simulators = _simulators(env, quiet=quiet)
        home.sign_lock(lock, f"{url}/")
        stack.enter_context(_running(servers, env))
        home.publish(env)
        stack.callback(home.forget_published)
        log = stack.enter_context((home.path / "served.log").open("w", encoding="utf-8")) if quiet else None
        accounts = _prepare(env, seed="postgres" in servers or os.environ.get("SEED") == "1")
        then = Program("command", command, last=True) if command else None
        programs = _programs(home, env, listener.fileno(), simulators)
        say(f"starting {', '.join(program.name for program in programs)}")
        supervisor = Supervisor(
            programs, servers, env, f"{url}/readyz", lambda: None if quiet else _announce(url, env, accounts), log, then
        )
        code = supervisor.run(PATIENCE)
        if code and log:
            log.flush()
            sys.stderr.write("".join((home.path / "served.log").read_text().splitlines(keepends=True)[-30:]))
        return code


def _announce(url: str, env: dict[str, str], accounts: list[str]) -> None:
    say(f"ready: {url}/")
    say(f"  console: {url}/console/")
    if "MAIL_PAGE_URL" in env:
        say(f"  mails: {env['MAIL_PAGE_URL']}/")
    for line in accounts:
        say(f"  {line}")
    say("stop with Ctrl-C (or `make stop`)")


def _with_servers(home: Home, command: list[str], prepare: bool) -> int:
    """`command` beside the running servers, or beside its own, which are stopped afterwards."""
    lock = home.take_lock()
    if lock is None:
        return _command(command, {**os.environ, **home.published()})
    servers: dict[str, Server] = {}
    with lock:
        home.sign_lock(lock, "for one command")
        env = _environment(home, servers)
        for name in ("PAYMENTS_URL", "PAYMENTS_PUBLIC_URL"):
            env.setdefault(name, "http://127.0.0.1:8090")
        with _running(servers, env):
            if prepare:
                _prepare(env, seed="postgres" in servers or os.environ.get("SEED") == "1")
            return _command(command, env)


def _command(command: list[str], env: dict[str, str]) -> int:
    """Runs it in this terminal. Ctrl-C is its own business: a shell or psql goes on after one."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(leashed(command, signal.SIGTERM), env=env, cwd=ROOT, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _served(home: Home, command: list[str]) -> int:
    lock = home.take_lock()
    if lock is None:
        say("using the product that runs here")
        return _command(command, {**os.environ, **home.published()})
    lock.close()
    with _scratch(home) as own:
        return _run(own, None, command)


@contextlib.contextmanager
def _scratch(home: Home) -> Iterator[Home]:
    """A folder for one command beside the installation's. What a killed command left is removed first."""
    for left in home.path.glob("scratch-*"):
        if lock := Home(left).take_lock():
            lock.close()
            _erase(left)
    own = Home(home.path / f"scratch-{os.getpid()}")
    own.path.mkdir()
    try:
        yield own
    finally:
        _erase(own.path)


def _erase(path: Path) -> None:
    for server in (Postgres(path / "postgres"), Valkey(path / "valkey")):
        server.erase()
    shutil.rmtree(path, ignore_errors=True)


def main() -> int:
    """Does what the options say; answers the exit code."""
    options = _options()
    home = Home.of_this_clone()
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda number, _: sys.exit(128 + number))
    try:
        if options.stop:
            home.stop_the_one_that_runs()
            return 0
        if options.beside or options.served:
            with _scratch(home) if options.scratch else contextlib.nullcontext(home) as own:
                if options.beside:
                    return _with_servers(own, options.beside, options.prepare)
                return _run(own, None, options.served) if options.scratch else _served(own, options.served)
        return _run(home, options.port, None)
    except KeyboardInterrupt:
        return 130
    except EmbeddedError as error:
        raise Trouble(str(error)) from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Trouble(f"the disk of {home.path} is full") from None
        raise


if __name__ == "__main__":
    sys.exit(main())
