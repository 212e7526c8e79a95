"""The product with the lab's screens, seen by somebody who may do everything."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.compat.lab import Jar, JarView, LabBase, ShelfView
from tests.factories.staff import account, signed_in


class Everything(frozenset):
    """Any permission is in here."""

    def __contains__(self, _pair: object) -> bool:
        return True


@pytest.fixture(scope="session")
def lab_tables(database):
    engine = sa.create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(sa.text("create schema lab"))
        LabBase.metadata.create_all(connection)
        connection.execute(sa.text("grant usage on schema lab to fixnado_application"))
        connection.execute(sa.text("grant all on all tables in schema lab to fixnado_application"))
    yield
    with engine.begin() as connection:
        connection.execute(sa.text("drop schema lab cascade"))
    engine.dispose()


@pytest.fixture(scope="session")
def lab(app, lab_tables):
    """A second application in this process, with the lab's screens added before its first request."""
    from app.factory import create_app
    from tests.conftest import FreshClient

    made = create_app(TESTING=True, WTF_CSRF_ENABLED=False)
    made.test_client_class = FreshClient
    with made.app_context():
        for view in (ShelfView, JarView):
            made.appbuilder.add_view_no_menu(view)
    made.appbuilder.sm.permissions_of = lambda _user: Everything()
    return made


@pytest.fixture
def visitor(lab, session):
    """A client of the lab, signed in."""
    return signed_in(lab, account(session, "Auditor"))


@pytest.fixture
def jar(lab, session):
    """A committed jar; `mine…` passes the row filter."""
    made = []

    def make(name: str = "mine", **values):
        row = Jar(name=name, **values)
        session.add(row)
        session.commit()
        made.append(row)
        return row

    yield make
    session.rollback()
    session.execute(sa.delete(Jar))
    session.commit()


@pytest.fixture(scope="session")
def superuser(database):
    """An engine for questions that need no table of ours."""
    engine = sa.create_engine(database.superuser_url)
    yield engine
    engine.dispose()
