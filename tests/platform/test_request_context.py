"""Every request has an id, one line in the log, and is counted by its route."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import generate_latest
from sqlalchemy.orm import Session

from app import metrics, observability
from app.outbox import send
from app.unit_of_work import unit_of_work
from models.platform.outbox_message import OutboxMessage
from tests.platform.conftest import CLOCKWORK
from views.request_context import RequestContext, request_id

TRACE = "0af7651916cd43dd8448eb211c80319c"  # pragma: allowlist secret
NEAR, FAR = "10.0.0.7", "93.184.216.34"


@pytest.fixture
def lines(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process would write to its standard output."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stdout", written)
    observability.setup("INFO", "web")
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


def _access(written: io.StringIO) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in written.getvalue().splitlines()]
    return [line for line in told if line["event"] == "request"]


def test_a_request_without_an_id_gets_one(client: FlaskClient) -> None:
    first, second = (client.get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert len(first) == 32
    assert first != second


@pytest.mark.parametrize(
    ("offered", "peer", "kept"),
    [
        ("balancer-00000042", NEAR, True),
        ("balancer-00000042", "127.0.0.1", True),
        ("balancer-00000042", FAR, False),
        ("short", NEAR, False),
        ('x" injected: "yes', NEAR, False),
        ("x" * 65, NEAR, False),
        ("balancer-00000042", "", False),
    ],
)
def test_an_id_is_believed_from_our_own_network_and_in_good_shape(offered: str, peer: str, *, kept: bool) -> None:
    answer = request_id({"HTTP_X_REQUEST_ID": offered, "REMOTE_ADDR": peer})
    assert (answer == offered) is kept


def test_a_request_is_one_line_with_its_route_and_without_its_query(client: FlaskClient, lines: io.StringIO) -> None:
    client.get("/legal/order-terms?who=priya%40customer.test", headers={"X-Request-ID": "balancer-00000042"})
    (line,) = _access(lines)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/legal/order-terms", 200)
    assert line["route"].startswith("/legal/<")
    assert (line["request_id"], line["process"]) == ("balancer-00000042", "web")
    assert line["milliseconds"] > 0
    assert "priya" not in lines.getvalue()


def test_an_address_that_is_a_right_is_not_in_the_log(client: FlaskClient, lines: io.StringIO) -> None:
    for start in ("/files/", "/unsubscribe/"):
        client.get(f"{start}WzEsImRvY3VtZW50Il0.signed")
    assert "signed" not in lines.getvalue()
    assert "/files/<token>" in lines.getvalue()


def test_what_machines_ask_all_day_is_not_in_the_log(client: FlaskClient, lines: io.StringIO) -> None:
    client.get("/healthz")
    client.get("/static/nothing.css")
    assert _access(lines) == []


def test_the_caller_s_trace_goes_on(client: FlaskClient, lines: io.StringIO) -> None:
    client.get("/legal/order-terms", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert _access(lines)[0]["trace_id"] == TRACE


def test_an_error_inside_is_logged_and_counted_too(lines: io.StringIO) -> None:
    def broken(_environ: Any, _start: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        RequestContext(broken)({"REQUEST_METHOD": "GET", "PATH_INFO": "/x", "REMOTE_ADDR": FAR}, lambda *_: None)
    assert [line["status"] for line in _access(lines)] == [500]
    assert observability.current_request_id() == ""


def test_the_id_of_the_request_arrives_in_the_outbox_row(app: Flask, client: FlaskClient, session: Session) -> None:
    """The next leg, from the row into the log of its job, is in test_jobs.py."""

    def verb(_response: Any) -> Any:
        with unit_of_work(CLOCKWORK) as work:
            send(work, "any.job", key="from-a-request")
        return _response

    app.after_request_funcs.setdefault(None, []).append(verb)
    try:
        client.get(
            "/healthz", headers={"X-Request-ID": "balancer-00000042", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        )
    finally:
        app.after_request_funcs[None].remove(verb)
    row = session.scalars(sa.select(OutboxMessage)).one()
    assert row.request_id == "balancer-00000042"
    assert TRACE in row.traceparent


def _count(route: str, status: str) -> float:
    return metrics.REQUESTS.labels("GET", route, status)._value.get()


def test_requests_are_counted_by_route_and_never_by_address(client: FlaskClient) -> None:
    before = _count("(none)", "404")
    client.get("/nothing/at/all/7f3a")
    assert _count("(none)", "404") == before + 1
    assert b"7f3a" not in generate_latest(metrics.REQUESTS)  # type: ignore[arg-type]


def test_a_made_up_method_makes_no_number_of_its_own(client: FlaskClient) -> None:
    client.open("/healthz", method="BREW")
    assert b"BREW" not in generate_latest(metrics.REQUESTS)  # type: ignore[arg-type]
