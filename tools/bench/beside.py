"""A seeded database beside the product's, filled by SQL; it needs the embedded server's superuser, and is dropped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from app.embedded import APPLICATION, OWNER
from app.parts import Parts


@contextmanager
def database(parts: Parts, name: str, script: Path | None = None, **numbers: int) -> Iterator[dict[str, str]]:
    """What a program must see to use it. `numbers` replace `:name` in the script; without one it stays empty."""
    own = make_url(parts.config.database_url)

    def there(user: str, database: str) -> str:
        return own.set(username=user, database=database).render_as_string(hide_password=False)

    def administer(*statements: str, database: str = "postgres") -> None:
        with psycopg.connect(there("postgres", database), autocommit=True) as admin:
            for one in statements:
                admin.execute(one.encode())

    away = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    try:
        administer(away, f"CREATE DATABASE {name} OWNER {OWNER}")
    except psycopg.OperationalError as error:
        raise SystemExit(f"this is measured beside the embedded server only: {error}") from error
    try:
        env = {"DATABASE_URL": there(APPLICATION, name), "MIGRATION_DATABASE_URL": there(OWNER, name)}
        if script is not None:
            prepare = [sys.executable, "-m", "flask", "prepare", "--seed"]
            subprocess.run(prepare, env={**os.environ, **env}, check=True, stdout=sys.stderr)
            text = script.read_text("utf-8")
            for word, number in numbers.items():
                text = text.replace(f":{word}", str(number))
            administer(text, "VACUUM ANALYZE", database=name)
        yield env
    finally:
        administer(away)
