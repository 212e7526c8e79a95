"""A session on the worker's database without the web application, and a seller that stands in its first state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.platform import machine
from app.unit_of_work import unit_of_work
from config import Config
from models.actor import Actor
from models.people.organisation import Organisation, OrganisationKind
from models.people.seller import Seller
from tests.databases import Database

CLOCKWORK = Actor.system("test")


@pytest.fixture
def bound(database: Database) -> Database:
    """This process's sessions go to the worker's database, as the application role."""
    sessions.configure(database.url, **Config.from_environment().engine_options())
    return database


@pytest.fixture
def scope(bound: Database) -> Iterator[Session]:
    """An open session scope; open units of work in it."""
    with sessions.session_scope() as session:
        yield session


@pytest.fixture
def seller(scope: Session) -> Seller:
    """Applied a moment ago, committed."""
    with unit_of_work(CLOCKWORK) as session:
        owner = Organisation(kind=OrganisationKind.provider, name="Bright", slug="bright")
        session.add(owner)
        session.flush()
        row = Seller(organisation_id=owner.id)
        machine.begin(session, row)
    return row
