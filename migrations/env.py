"""How migrations run: as the owner of the database, one at a time, never waiting long for a lock.

`MIGRATION_DATABASE_URL` names the owner; where only `DATABASE_URL` is given (development) that role migrates.
"""

from __future__ import annotations

import importlib
import os
import pkgutil

import sqlalchemy as sa
from alembic import context

import models
from models.base import Base

LOCK_TIMEOUT, STATEMENT_TIMEOUT = "5s", "60s"
ONE_AT_A_TIME = 0x66786D67  # "fxmg": the key of the advisory lock that two deployments queue for


def _load_every_model() -> None:
    """Fills the metadata; Flask-AppBuilder's own tables share it."""
    importlib.import_module("flask_appbuilder.security.sqla.models")
    for module in pkgutil.walk_packages(models.__path__, "models."):
        importlib.import_module(module.name)


def _address() -> str:
    url = os.environ.get("MIGRATION_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit("migrations need MIGRATION_DATABASE_URL (or DATABASE_URL); `make run` and `make sql` set it")
    return url.replace("postgres://", "postgresql://", 1)


def run() -> None:
    _load_every_model()
    if context.is_offline_mode():
        context.configure(url=_address(), target_metadata=Base.metadata, literal_binds=True, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    options = f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT}"
    engine = sa.create_engine(_address(), poolclass=sa.NullPool, connect_args={"options": options})
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=False,  # PostgreSQL prints defaults its own way; the models' tests cover them
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
            context.run_migrations()


run()
