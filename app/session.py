"""The SQLAlchemy session of this process, free of Flask: edges open a scope, verbs are handed the session.

One engine per process, bound once by `configure`. A scope belongs to one request or one job (a context variable, so
threads and nested test requests never share one).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from app import audit_trail

_scope: ContextVar[object | None] = ContextVar("session_scope", default=None)
_factory = sessionmaker(expire_on_commit=False)
session: scoped_session[Session] = scoped_session(_factory, scopefunc=lambda: _scope.get() or threading.get_ident())
_engine: Engine | None = None
audit_trail.install(_factory)


def configure(url: str, **options: Any) -> Engine:
    """Binds every session of this process to the database at `url` (PostgreSQL through psycopg 3)."""
    global _engine  # noqa: PLW0603  one engine per process
    if _engine is not None:
        _engine.dispose()
    _engine = sa.create_engine(url, **options)
    _factory.configure(bind=_engine)
    return _engine


def engine() -> Engine:
    """The bound engine. Raises RuntimeError before `configure`."""
    if _engine is None:
        raise RuntimeError("app.session.configure was not called")
    return _engine


def enter_scope() -> Any:
    """Begins a scope; hand the answer to `leave_scope`."""
    return _scope.set(object())


def leave_scope(token: Any) -> None:
    """Ends it: whatever was not committed is rolled back. A connection that broke is no reason to lose the answer that
    was made with it: what was committed is kept, and the rest the database has rolled back itself.
    """
    try:
        session.remove()
    except DBAPIError:
        session.registry.clear()
    finally:
        _scope.reset(token)


@contextmanager
def session_scope() -> Iterator[Session]:
    """A session for as long as the block lasts; commits nothing by itself."""
    token = enter_scope()
    try:
        yield session()
    finally:
        leave_scope(token)
