"""Alive, ready, and in numbers: true answers in time, whatever is broken or hangs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.orm import Session

from app import metrics
from app import session as sessions
from app.parts import Parts
from app.probes import Probes
from app.services.platform import health as state
from app.services.platform import heartbeat
from app.unit_of_work import unit_of_work
from config import Config
from models.people.seller import Seller
from models.platform.heartbeat import Heartbeat
from tests.databases import ROOT, Database
from tests.factories.books import close_all
from tests.platform.conftest import CLOCKWORK
from views import health


@pytest.fixture(autouse=True)
def _nothing_waits_for_its_seal(app: Flask) -> None:
    """The rows that preparing the database left: how old they are is no matter of these tests."""
    del app  # binds the database
    with sessions.session_scope():
        close_all()


@pytest.fixture
def parts(app: Flask) -> Iterator[Parts]:
    """The application's parts, with probes that remember nothing; put back afterwards."""
    kept = dict(app.extensions)
    made: Parts = app.extensions["parts"]
    _ask_with(app, made)
    yield made
    app.extensions.update(parts=kept["parts"], probes=kept["probes"])


def _ask_with(app: Flask, parts: Any) -> None:
    app.extensions["parts"] = parts
    probes = health.probes(parts)
    probes._fresh = 0.0
    app.extensions["probes"] = probes


def _changed(parts: Parts, **changes: Any) -> Any:
    same = {"config": parts.config, "storage": parts.storage, "redis": parts.redis}
    return SimpleNamespace(**{**same, **changes})


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield listener.getsockname()[1]


def test_ready_when_every_part_answers(client: FlaskClient, parts: Parts) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.json
    assert answer.json["parts"] == dict.fromkeys(("database", "migrations", "redis", "storage", "seals"), "ok")
    assert answer.headers["Cache-Control"] == "no-store"


def test_processes_that_were_not_seen_are_told_and_do_not_close_the_shop(
    client: FlaskClient, parts: Parts, session: Session
) -> None:
    assert client.get("/readyz").json["late"] == ["clock", "worker", "sealer"]
    with unit_of_work(CLOCKWORK) as work:
        for name in ("clock", "worker"):
            heartbeat.beat(work, name)
        heartbeat.beat(work, "sealer")
        row = work.get_one(Heartbeat, "sealer")
        row.at -= timedelta(minutes=5)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["late"]) == (200, ["sealer"])


def test_a_redis_that_hangs_is_named_within_three_seconds(
    app: Flask, client: FlaskClient, parts: Parts, silent_port: int
) -> None:
    _ask_with(app, _changed(parts, redis=Redis(port=silent_port, socket_timeout=3, socket_connect_timeout=3)))
    began = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - began < 3
    assert answer.status_code == 503
    assert answer.json["parts"]["redis"] == "no answer"
    assert answer.json["parts"]["database"] == "ok"


def test_a_redis_that_is_gone_is_named(app: Flask, client: FlaskClient, parts: Parts) -> None:
    _ask_with(app, _changed(parts, redis=Redis(unix_socket_path="/nowhere/valkey.sock", retry=Retry(NoBackoff(), 0))))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["parts"]["redis"]) == (503, "ConnectionError")


def test_a_storage_that_refuses_is_named_without_its_reason(app: Flask, client: FlaskClient, parts: Parts) -> None:
    def check() -> None:
        raise OSError("/secret/place is read-only")

    _ask_with(app, _changed(parts, storage=SimpleNamespace(check=check)))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["parts"]["storage"]) == (503, "OSError")
    assert b"secret" not in answer.data


def test_a_database_of_another_version_is_named(
    app: Flask, client: FlaskClient, parts: Parts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "HEAD").write_text("9999\n")
    monkeypatch.setattr(health, "HEAD", tmp_path / "HEAD")
    _ask_with(app, parts)
    assert client.get("/readyz").json["parts"]["migrations"] == "Behind"


def test_a_row_that_waits_too_long_for_its_seal_is_named(
    client: FlaskClient, parts: Parts, seller: Seller, database: Database
) -> None:
    assert state.unsealed_seconds(sessions.session()) < 60
    with psycopg.connect(database.superuser_url) as admin:
        admin.execute("update unsealed set at = at - interval '2 minutes'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["parts"]["seals"]) == (503, "Behind")


@pytest.fixture
def away(app: Flask, bound: Database, parts: Parts) -> Iterator[None]:
    """A database that is not there; the real one afterwards."""
    options = Config.from_environment().engine_options()
    sessions.configure("postgresql://nobody@/nothing?host=/nowhere", **options)
    yield
    sessions.configure(bound.url, **options)


def test_without_a_database_this_process_is_alive_and_not_ready(client: FlaskClient, away: None) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["parts"]["database"] == answer.json["parts"]["migrations"] == "OperationalError"
    assert answer.json["parts"]["redis"] == "ok"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/console/login/"])
def test_without_a_database_a_page_is_a_clear_503_and_never_a_500(client: FlaskClient, away: None, path: str) -> None:
    answer = client.get(path)
    if path == "/":
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "Nothing was lost" in answer.text
    assert answer.status_code != 500


def test_without_a_database_a_program_gets_problem_json(client: FlaskClient, away: None) -> None:
    answer = client.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.json["status"] == 503


def test_a_probe_that_hangs_costs_one_thread_however_often_it_is_asked() -> None:
    never = threading.Event()
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        never.wait(5)

    probes = Probes({"slow": hang, "quick": lambda: None}, deadline=0.05, fresh=0)
    assert [probes.ask() for _ in range(5)] == [{"slow": "no answer", "quick": "ok"}] * 5
    assert len(begun) == 1
    never.set()


def test_many_who_ask_at_once_share_one_answer() -> None:
    asked: list[int] = []
    probes = Probes({"part": lambda: asked.append(1)}, fresh=60)
    for _ in range(5):
        assert probes.ask() == {"part": "ok"}
    assert len(asked) == 1


def _numbers(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_the_numbers_tell_of_requests_queues_timers_and_seals(
    client: FlaskClient, parts: Parts, seller: Seller, redis_url: str
) -> None:
    metrics.count_job(Redis.from_url(redis_url), "any.job", "done")
    client.get("/healthz")
    numbers = _numbers(client.get("/metrics").text)
    assert numbers["fixnado_http_requests_total"]["GET", "/healthz", "200"] >= 1
    assert ("GET", "/healthz") in numbers["fixnado_http_request_seconds_count"]
    assert numbers["fixnado_jobs_total"]["any.job", "done"] == 1
    assert numbers["fixnado_outbox_messages"] == {("waiting",): 0, ("in_flight",): 0, ("dead",): 0}
    assert numbers["fixnado_unsealed_oldest_seconds"][()] > 0
    assert numbers["fixnado_timers_overdue"][()] == 0
    assert numbers["fixnado_up"] == {("database",): 1, ("redis",): 1}
    Redis.from_url(redis_url).delete(metrics.JOBS_KEY)


def test_the_numbers_come_without_a_database_and_say_so(client: FlaskClient, away: None) -> None:
    numbers = _numbers(client.get("/metrics").text)
    assert numbers["fixnado_up"] == {("database",): 0, ("redis",): 1}
    assert "fixnado_http_requests_total" in numbers


def test_a_timer_that_should_have_fired_is_counted(scope: Session, seller: Seller, database: Database) -> None:
    with psycopg.connect(database.superuser_url) as admin:
        admin.execute("update timer set due_at = now() - interval '1 minute'")
    assert state.overdue_timers(scope) == 1


@pytest.mark.parametrize(
    ("environment", "token", "request_", "status"),
    [
        ("development", "", {}, 200),
        ("development", "", {"headers": {"X-Forwarded-For": "203.0.113.7"}}, 404),
        ("development", "", {"environ_base": {"REMOTE_ADDR": "10.0.0.7"}}, 404),
        ("production", "", {}, 404),
        ("production", "s" * 40, {}, 404),
        ("production", "s" * 40, {"headers": {"Authorization": "Bearer " + "s" * 40}}, 200),
        ("production", "s" * 40, {"headers": {"Authorization": "Bearer wrong"}}, 404),
        ("production", "", {"headers": {"Authorization": "Bearer "}}, 404),
    ],
)
def test_the_numbers_are_for_the_token_or_for_this_machine_outside_production(
    app: Flask, client: FlaskClient, parts: Parts, environment: str, token: str, request_: Any, status: int
) -> None:
    config = SimpleNamespace(metrics_token=token, production=environment == "production")
    app.extensions["parts"] = _changed(parts, config=config)
    assert client.get("/metrics", **request_).status_code == status


COUNT_AND_SHOW = """
import sys
from app import metrics
for _ in range(3):
    metrics.count_request("GET", "/listings/<slug>", 200, 0.02)
if sys.argv[1:] == ["show"]:
    from redis import Redis
    print(metrics.exposition(lambda: [], Redis(unix_socket_path="/nowhere")).decode())
"""


def test_the_counts_of_every_web_process_are_added_up(tmp_path: Path) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}

    def process(*arguments: str) -> str:
        command = [sys.executable, "-c", COUNT_AND_SHOW, *arguments]
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    process()
    process()
    shown = process("show")
    numbers = _numbers(shown[shown.index("# HELP") :])
    assert numbers["fixnado_http_requests_total"]["GET", "/listings/<slug>", "200"] == 9
    assert numbers["fixnado_up"]["redis",] == 0
