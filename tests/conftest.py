"""One embedded PostgreSQL and one Valkey per run, a database per worker, real commits, a reset after each test.

Tests commit because deferred triggers and seals only fire then. `committed` is a private database for what other
processes or racing connections do. See tests/databases.py for the databases and tests/processes.py for the processes.
"""

from __future__ import annotations

import contextvars
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.unit_of_work import unit_of_work
from models.actor import Actor
from tests import network
from tests.databases import Database, Servers
from tests.factories import commerce
from tests.processes import Processes

Arrange = Callable[..., Any]

_worker: dict[str, Any] = {}


def pytest_configure(config: pytest.Config) -> None:
    """The controller starts the servers and migrates the template once; workers inherit the addresses."""
    network.only_loopback()
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    _worker["servers"] = Servers.start()


def pytest_unconfigure() -> None:
    if servers := _worker.pop("servers", None):
        servers.stop()


@pytest.fixture(scope="session")
def database(worker_id: str) -> Iterator[Database]:
    """This worker's database. Everything a test commits here is undone after it."""
    database = Database.clone(f"t_{worker_id}")
    database.remember_baseline()
    _worker["database"] = database
    yield database
    del _worker["database"]
    database.drop()


@pytest.fixture(scope="session")
def database_url(database: Database) -> str:
    """As the application role."""
    return database.url


@pytest.fixture(scope="session")
def owner_url(database: Database) -> str:
    """As the owner, who migrates."""
    return database.owner_url


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """This worker's own numbered database of the run's Valkey."""
    number = int(worker_id[2:]) + 1 if worker_id.startswith("gw") else 1
    return os.environ["TEST_VALKEY"].format(number)


class FreshClient(FlaskClient):
    """Every request in its own context, as on a real server: nobody stays signed in through `g`."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        answer = contextvars.Context().run(super().open, *args, **kwargs)
        sent = answer.request.environ.get("wsgi.input")
        if sent is not None:  # a large form is a temporary file, which the client would leave to the collector
            sent.close()
        return answer


@pytest.fixture(scope="session")
def app(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    storage = tmp_path_factory.mktemp("storage")
    os.environ.update(
        DATABASE_URL=database.url,
        MIGRATION_DATABASE_URL=database.owner_url,
        REDIS_URL=redis_url,
        STORAGE_URL=storage.as_uri(),
    )
    from app.factory import create_app
    from app.session import engine

    made: Flask = create_app(TESTING=True, WTF_CSRF_ENABLED=False)
    made.test_client_class = FreshClient
    yield made
    engine().dispose()


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Replaces pytest-flask's: a request left open around the test keeps `g.user` and makes permission tests lie."""


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Replaces pytest-flask's, whose `with app.test_client()` cannot end in another context than it began."""
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session with an open scope, to arrange and to look: `session.commit()` shows its rows to requests."""
    from app.session import session_scope

    with session_scope() as opened:
        yield opened


@pytest.fixture
def arrange(session: Session) -> Arrange:
    """`arrange(verb, …)` runs a factory in a unit of work of its own and commits."""
    del session

    def run(factory: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with unit_of_work(Actor.system("test")) as work:
            return factory(work, *arguments, **named)

    return run


@pytest.fixture
def told(arrange: Arrange) -> commerce.Story:
    """A private customer, an active provider, a live listing for 240.00 net."""
    return arrange(commerce.story)


@pytest.fixture(autouse=True)
def _undo_what_the_test_committed() -> Iterator[None]:
    yield
    from app.session import session as current

    current.remove()
    if database := _worker.get("database"):
        _bind_again(database)
        database.reset()


def _bind_again(database: Database) -> None:
    """A test that sent this process's sessions elsewhere leaves them as it found them: on the worker's database."""
    from app import session as sessions
    from config import Config

    try:
        there = sessions.engine().url.database
    except RuntimeError:  # never bound: nothing of this process has asked for a session yet
        return
    if there != database.name:
        sessions.configure(database.url, **Config.from_environment().engine_options())


@pytest.fixture
def committed(worker_id: str) -> Iterator[Database]:
    """A private database (`.url`, `.owner_url`, `.superuser_url`) for races and other processes; dropped afterwards."""
    database = Database.clone(f"c_{worker_id}_{secrets.token_hex(4)}")
    yield database
    database.drop()


@pytest.fixture
def processes(committed: Database, tmp_path: Any, worker_id: str) -> Iterator[Processes]:
    """Starts web, worker, clock, sealer and the payments simulator against `committed`; all stopped afterwards."""
    number = 20 + (int(worker_id[2:]) if worker_id.startswith("gw") else 0)
    started = Processes.against(committed, os.environ["TEST_VALKEY"].format(number), tmp_path)
    yield started
    started.stop()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`eventually(lambda: row_exists(), seconds=10)` waits for a true answer and hands it back."""
    from tests.processes import wait_for

    return wait_for
