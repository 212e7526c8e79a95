"""The outermost layer of every request: its id, its trace, one log line and its numbers."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, request
from opentelemetry import propagate, trace

from app import metrics, observability

log = structlog.get_logger("access")
HEADER = "X-Request-ID"
ROUTE = "fixnado.route"
SIGNED = "<token>"
"""An address with this blank is itself a right (signed_link): what reads the log may not use it."""
QUIET = ("/healthz", "/readyz", "/metrics", "/static/")
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
SERVER_ERROR = 500

StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def install(app: Flask) -> None:
    """Wraps the application, and notes which route answers."""
    app.wsgi_app = RequestContext(app.wsgi_app)  # type: ignore[method-assign]

    @app.before_request
    def note_route() -> None:
        request.environ[ROUTE] = request.url_rule.rule if request.url_rule else ""


class RequestContext:
    """WSGI middleware. Outside of Flask, so that an error in Flask's own machinery is logged and counted too."""

    def __init__(self, inner: Wsgi) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The id is set until the answer begins; the line is written then, so a long download is not waited for."""
        identity = request_id(environ)
        status = SERVER_ERROR
        began = time.perf_counter()

        def started(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal status
            status = int(line.split(" ", 1)[0])
            return start_response(line, [*headers, (HEADER, identity)], *rest)

        token = observability.request_id.set(identity)
        try:
            with _span(environ) as span:
                try:
                    return self._inner(environ, started)
                finally:
                    _finished(span, environ, status, time.perf_counter() - began)
        finally:
            observability.request_id.reset(token)


def request_id(environ: dict[str, Any]) -> str:
    """The caller's id when the caller is on our own network (a proxy of ours) and it is well formed; else a new one.

    From anywhere else it would let a visitor give two requests one name in the audit trail.
    """
    offered = str(environ.get("HTTP_X_REQUEST_ID", ""))
    return offered if WELL_FORMED.fullmatch(offered) and _is_near(environ) else uuid4().hex


def _is_near(environ: dict[str, Any]) -> bool:
    try:
        return ipaddress.ip_address(environ.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        return False


def _span(environ: dict[str, Any]) -> Any:
    carrier = {"traceparent": environ["HTTP_TRACEPARENT"]} if "HTTP_TRACEPARENT" in environ else {}
    return trace.get_tracer("fixnado").start_as_current_span(
        environ["REQUEST_METHOD"], context=propagate.extract(carrier), kind=trace.SpanKind.SERVER
    )


def _finished(span: trace.Span, environ: dict[str, Any], status: int, seconds: float) -> None:
    method, route, path = environ["REQUEST_METHOD"], environ.get(ROUTE, ""), environ.get("PATH_INFO", "")
    metrics.count_request(method, route, status, seconds)
    span.update_name(f"{method} {route}".strip())
    span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    write = log.debug if path.startswith(QUIET) else log.info
    shown = route if SIGNED in route else path
    write("request", method=method, path=shown, route=route, status=status, milliseconds=round(seconds * 1000, 1))
