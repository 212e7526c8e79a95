"""Puts the simulator together: one small web application and its courier."""

from __future__ import annotations

from flask import Flask, Response, abort, g, request

from app.simulators.payments.control import control
from app.simulators.payments.courier import Courier
from app.simulators.payments.endpoints import api
from app.simulators.payments.pages import pages
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Store

LARGEST_BODY = 64 * 1024
LARGEST_UPLOAD = 6 * 1024 * 1024


def create_server(settings: Settings) -> Flask:
    """The application; its courier is in `extensions["courier"]`, not yet started."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    store = Store(settings.state)
    app.extensions |= {"store": store, "settings": settings, "courier": Courier(store, settings)}
    for part in (api, control, pages):
        app.register_blueprint(part)
    app.before_request(room)
    app.before_request(same_site)
    app.after_request(guard)
    app.add_url_rule("/healthz", "health", lambda: {"status": "ok"})
    app.add_url_rule("/favicon.ico", "favicon", lambda: ("", 204))
    return app


def room() -> None:
    """Files are larger than questions."""
    if request.path == "/v1/files":
        request.max_content_length = LARGEST_UPLOAD


def same_site() -> None:
    """Another site's page may not press these buttons in a visitor's browser."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)


def guard(response: Response) -> Response:
    """No script, no frame, no form to anywhere but here and the merchant that asked."""
    target = " ".join(filter(None, ("'self'", g.get("form_target", ""))))
    policy = f"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {target}"
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
