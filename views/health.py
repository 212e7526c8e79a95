"""For machines: is this process alive, may it be sent requests, and what do its numbers say."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from pathlib import Path

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from app import metrics
from app.parts import Parts
from app.probes import Probes
from app.services.commerce import client_money
from app.services.platform import health as state
from app.session import engine, session_scope

health = Blueprint("health", __name__)
HEAD = Path(__file__).resolve().parent.parent / "migrations" / "HEAD"
LOOPBACK = frozenset({"127.0.0.1", "::1"})
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


class Behind(Exception):  # noqa: N818
    """This part lags: the database's migrations or the sealer."""


def install(app: Flask) -> None:
    """Registers the three routes; `parts` must have been put together."""
    app.extensions["probes"] = probes(app.extensions["parts"])
    app.register_blueprint(health)


def probes(parts: Parts) -> Probes:
    """One question per part that a request needs."""
    pinned = HEAD.read_text(encoding="utf-8").strip()
    return Probes(
        {
            "database": _database,
            "migrations": lambda: _migrations(pinned),
            "redis": lambda: _redis(parts),
            "storage": parts.storage.check,
            "seals": _seals,
        }
    )


@health.get("/healthz")
def alive() -> Response:
    """This process answers; nothing else is asked."""
    return jsonify(status="alive")


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """503 names the parts that are missing. A process of ours that is late is told and is no reason to send nobody
    here: the pages work without it, and the metrics raise the alarm."""
    parts = current_app.extensions["probes"].ask()
    well = all(answer == "ok" for answer in parts.values())
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    body = jsonify(status="ready" if well else "not ready", parts=parts, late=_late() if well else [])
    body.headers["Cache-Control"] = "no-store"
    return body, status


@health.get("/metrics")
def numbers() -> Response:
    """For those who hold the token, and outside production for this machine itself; 404 for everybody else."""
    if not _may_measure():
        abort(404)
    body = metrics.exposition(_readings, current_app.extensions["parts"].redis)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _may_measure() -> bool:
    config = current_app.extensions["parts"].config
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if config.metrics_token and scheme.lower() == "bearer":
        return hmac.compare_digest(token.encode(), config.metrics_token.encode())
    forwarded = any(name in request.headers for name in FORWARDED)  # a proxy on this machine is not the reader
    return not config.production and not forwarded and request.remote_addr in LOOPBACK


def _readings() -> list[metrics.Reading]:
    with session_scope() as session:
        return [*state.readings(session), *client_money.readings(session)]


def _late() -> list[str]:
    with session_scope() as session:
        return state.late(session)


def _database() -> None:
    with engine().connect() as connection:
        connection.execute(sa.text("select 1"))


def _migrations(pinned: str) -> None:
    with engine().connect() as connection:
        found = connection.scalar(sa.text("select version_num from alembic_version"))
    if found != pinned:
        raise Behind(f"the database is at {found}, the code at {pinned}")


def _redis(parts: Parts) -> None:
    parts.redis.ping()


def _seals() -> None:
    with session_scope() as session:
        waited = state.unsealed_seconds(session)
    if waited > state.SEALED_WITHIN:
        raise Behind(f"a row has waited {waited:.0f} s for its seal")
