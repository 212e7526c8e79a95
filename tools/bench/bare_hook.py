"""The least a webhook can cost: a Flask application whose one route keeps one row. Served as the product is."""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request

TABLE = sa.text(
    "CREATE TABLE IF NOT EXISTS bench_hook (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"
)
_KEEP = sa.text("INSERT INTO bench_hook (body) VALUES (:body)")


def create_app() -> Flask:
    """`MIGRATION_DATABASE_URL` names the database; the table is made by whoever measures."""
    app = Flask("bare")
    engine = sa.create_engine(os.environ["MIGRATION_DATABASE_URL"], pool_pre_ping=True)

    @app.post("/")
    def keep() -> Any:
        with engine.begin() as connection:
            connection.execute(_KEEP, {"body": request.get_data()})
        return Response(status=200)

    return app
