"""Where other systems tell us things: no session, no form token, a signature instead."""

from __future__ import annotations

from flask import Flask


def install(app: Flask) -> None:
    """Registers every receiver. The import is late: the receivers import this package."""
    from app.extensions import csrf
    from views.hooks import payments

    csrf.exempt(payments.hooks)
    app.register_blueprint(payments.hooks)
