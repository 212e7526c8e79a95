"""Who commits: an edge opens a unit of work, calls a verb, and all of it is kept or none of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.session import session as current
from models.actor import Actor


@contextmanager
def unit_of_work(actor: Actor, *, reason: str = "", verb: str = "") -> Iterator[Session]:
    """One transaction in the open session scope. The audit trail reads `actor`, `reason` and `verb` from it.

    Raises RuntimeError when one is already open: a verb never opens its own.
    """
    session = current()
    if "actor" in session.info:
        raise RuntimeError("a unit of work is already open here")
    session.rollback()  # reads made before belong to an older snapshot
    session.info.update(actor=actor, reason=reason, verb=verb)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        for key in ("actor", "reason", "verb"):
            session.info.pop(key, None)
