"""The embedded servers, or a person's own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.embedded import APPLICATION, OWNER, Postgres
from tests.boot.product import all_gone, descendants, supervise
from tests.databases import Database

ASK = "import os, psycopg; print(*psycopg.connect(os.environ['DATABASE_URL']).execute('{}').fetchone())"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    all_gone(folder)


def ask(question: str) -> list[str]:
    return ["--with", sys.executable, "-c", ASK.format(question)]


def test_a_command_finds_both_servers_and_leaves_none(home: Path) -> None:
    question = "select current_user, current_setting($$fsync$$)"
    done = supervise(home, *ask(question), EMBEDDED_DURABLE="1")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{APPLICATION} on"), done.stderr
    assert descendants(home) == {}


def test_the_exit_code_is_the_commands(home: Path) -> None:
    assert supervise(home, "--with", "sh", "-c", "exit 7").returncode == 7


def test_two_clones_run_side_by_side(home: Path) -> None:
    other = home / "other"
    nested = f"EMBEDDED_HOME={other} exec {sys.executable} -m app.supervise --with true"
    done = supervise(home, "--with", "env", "-u", "DATABASE_URL", "-u", "REDIS_URL", "sh", "-c", nested)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("starting the embedded postgres") == 2


def test_a_path_too_long_for_a_socket(home: Path) -> None:
    long = home / ("a" * 100)
    done = supervise(long, *ask("select 1"))
    assert done.returncode == 0, done.stderr
    Postgres(long / "postgres").erase()


def test_where_user_namespaces_are_refused_root_runs_it_as_nobody(home: Path) -> None:
    """Plain Docker and chroots. For anybody else the setting changes nothing."""
    done = supervise(home, *ask("select 1"), EMBEDDED_NO_USERNS="1")
    assert done.returncode == 0, done.stderr
    moved = not (home / "postgres" / "pg").exists()
    assert moved == (os.geteuid() == 0)
    supervise(home, "--with", "true", EMBEDDED_NO_USERNS="1")
    code = f"from app.embedded import Postgres; from pathlib import Path; Postgres(Path('{home}/postgres')).erase()"
    supervise(home, "--with", sys.executable, "-c", code, EMBEDDED_NO_USERNS="1")


def test_the_roles_are_the_owner_the_application_and_the_group_of_every_grant(database_url: str) -> None:
    question = """
        select r.rolname, r.rolsuper, r.rolcreaterole, pg_has_role(r.oid, 'fixnado_application', 'member')
          from pg_roles r where r.rolname like 'fixnado%' order by 1
    """
    with psycopg.connect(database_url) as database:
        found = database.execute(question).fetchall()
    assert found == [
        (APPLICATION, False, False, True),
        ("fixnado_application", False, False, True),
        (OWNER, False, False, False),
    ]


def test_an_own_database_is_migrated_and_not_seeded(home: Path, committed: Database) -> None:
    with psycopg.connect(committed.superuser_url, autocommit=True) as admin:
        admin.execute("drop schema public cascade")
        admin.execute("create schema public authorization pg_database_owner")
    question = "select count(*), current_user from ab_user"
    done = supervise(
        home,
        "--prepare",
        *ask(question),
        DATABASE_URL=committed.url,
        MIGRATION_DATABASE_URL=committed.owner_url,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"0 {APPLICATION}"), done.stdout + done.stderr
    assert "starting the embedded postgres" not in done.stdout
    assert "demonstration data" not in done.stdout


def test_a_killed_server_starts_again_although_a_session_of_it_still_lives(tmp_path: Path) -> None:
    """Its sessions hold the shared memory until they notice: one that is slow to notice must not end everything."""
    server = Postgres(tmp_path / "pg", durable=False)
    server.start()
    with psycopg.connect(server.url()) as connection:
        pid = connection.info.backend_pid
        os.kill(pid, signal.SIGSTOP)
        waking = threading.Timer(1.5, os.kill, (pid, signal.SIGCONT))
        assert server.process
        server.process.kill()
        server.process.wait()
        waking.start()
        server.start()
        connection.close()
    with psycopg.connect(server.url()) as again:
        assert again.execute("select 1").fetchone() == (1,)
    assert "is still in use" in server.log.read_text()
    server.stop()
    server.erase()
