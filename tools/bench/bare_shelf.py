"""The least a page of results can cost: a Flask application that reads 24 rows and shows them, served as ours is."""

from __future__ import annotations

import os

import sqlalchemy as sa
from flask import Flask, render_template_string

_ROWS = sa.text(
    "SELECT slug, title, price_minor FROM listing WHERE state = 'live' ORDER BY published_at DESC, id DESC LIMIT 24"
)
_PAGE = """<!doctype html><html lang="en"><head><title>Services</title></head><body><h1>Services</h1><ul>
{% for row in rows %}<li><a href="/l/{{ row.slug }}">{{ row.title }}</a> {{ row.price_minor }}</li>{% endfor %}
</ul></body></html>"""


def create_app() -> Flask:
    """`DATABASE_URL` names the database."""
    app = Flask("bare")
    engine = sa.create_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)

    @app.get("/")
    def page() -> str:
        with engine.connect() as connection:
            return render_template_string(_PAGE, rows=connection.execute(_ROWS).all())

    return app
