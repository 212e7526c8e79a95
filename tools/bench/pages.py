"""One listing's page of the shop, against a Flask application that does nothing but read and show the same row."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from app.session import engine
from tools.bench.paired import Cost, Pair, cost, statements

_MANY = 10
_LISTING = sa.text(
    "SELECT slug, title, description, price_minor FROM listing WHERE state = 'live' ORDER BY slug LIMIT 1"
)
_BARE = """<!doctype html><html lang="en"><head><title>{{ row.title }}</title></head>
<body><h1>{{ row.title }}</h1><p>{{ row.description }}</p><p>{{ row.price_minor }}</p></body></html>"""


def pair(app: Flask) -> Pair:
    """Ten requests per sample, in this process: no socket and no server is measured."""
    with engine().connect() as connection:
        slug = connection.execute(_LISTING).one().slug
    with app.test_request_context():
        path = app.url_for("storefront.listing", slug=slug)
    return Pair(
        "page",
        f"GET {path}, against a bare Flask page that reads and shows the same row",
        lambda: _measured(app.test_client(), path),
        lambda: _measured(_bare().test_client(), "/"),
    )


def _bare() -> Flask:
    app = Flask("bare")

    @app.get("/")
    def page() -> str:
        with engine().connect() as connection:
            return render_template_string(_BARE, row=connection.execute(_LISTING).one())

    return app


def _measured(client: FlaskClient, path: str) -> Cost:
    def work() -> float:
        with statements() as seen:
            for _ in range(_MANY):
                answer = client.get(path)
                if answer.status_code != 200:  # noqa: PLR2004
                    raise RuntimeError(f"{path} answers {answer.status}")
        return len(seen)

    return cost(_MANY, work)
