"""One unit of work around a test of verbs, committed at its end: then the deferred checks of the database speak."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from app.unit_of_work import unit_of_work
from models.actor import Actor


@pytest.fixture
def work(session: Session) -> Iterator[Session]:
    """The session inside the unit of work."""
    del session  # opens the scope
    with unit_of_work(Actor.system("test")) as opened:
        yield opened
