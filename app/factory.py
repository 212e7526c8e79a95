"""Composition root: the one place that knows every floor and puts a web application together."""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from app import observability, parts
from app import session as sessions
from app.cli import install as install_commands
from app.extensions import csrf
from config import Config
from models.base import Base
from security.settings import FAB_SETTINGS, rate_limit_storage


def create_app(config: Config | None = None, **overrides: Any) -> Flask:
    """The web application. `overrides` are Flask settings, for tests."""
    made = parts.assemble(config)
    settings = made.config
    observability.setup(settings.log_level, "web", settings.otel_exporter_otlp_endpoint)
    app = Flask("views", template_folder="templates", static_folder="static")
    app.config.from_mapping({**FAB_SETTINGS, **settings.flask_settings()})
    app.config["RATELIMIT_STORAGE_URI"] = rate_limit_storage(settings.redis_url)
    app.config.update(overrides)
    app.extensions["parts"] = made
    _sessions(app)
    _migrations(app)
    csrf.init_app(app)
    _views(app, made)
    install_commands(app)
    return app


def _sessions(app: Flask) -> None:
    """A session scope per application context: a request, or a command."""

    @app.before_request
    def open_scope() -> None:
        g.session_scope = sessions.enter_scope()

    @app.teardown_request
    def close_scope(_error: BaseException | None) -> None:
        if token := g.pop("session_scope", None):
            sessions.leave_scope(token)


class _Database:
    """What Flask-Migrate asks of a database object; the engine and the session are ours (app/session.py)."""

    metadata = Base.metadata

    @property
    def engine(self) -> Any:
        return sessions.engine()


def _migrations(app: Flask) -> None:
    Migrate(app, _Database(), directory="migrations", compare_type=True)


def behind_proxies(app: Flask, number: int) -> None:
    """Believes so many proxies about who asks and by which scheme; what a visitor wrote before counts for nothing.

    It is put on before the request's context, which asks whether our own proxy gave the request its name.
    """
    if number:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number, x_proto=number)  # type: ignore[method-assign]


def _views(app: Flask, made: parts.Parts) -> None:
    from views import api as api_views
    from views import assets, audit_context, health, moments, packing, plain_text, request_context
    from views import console as console_views
    from views import hooks as hook_views
    from views import storefront as storefront_views

    behind_proxies(app, int(made.config.trusted_proxies))
    packing.install(app)  # the first that is asked before, so the last that touches what leaves
    request_context.install(app)
    plain_text.install(app)
    audit_context.install(app)
    assets.install(app, form_targets=(made.config.payments_public_url,))
    health.install(app)
    moments.install(app)
    storefront_views.install(app)
    hook_views.install(app)
    api_views.install(app)
    with app.app_context():
        console_views.install(app)
