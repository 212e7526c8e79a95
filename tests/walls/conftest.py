"""The story behind the walls, committed so that requests see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User

from app.extensions import limiter
from app.services.people import access_token
from models.types import utc_now
from security.sessions import stamp
from tests.conftest import Arrange
from tests.factories import staff
from tests.walls.world import World, build


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk asks more often than people."""
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture
def world(app: Flask, arrange: Arrange) -> World:
    content = app.extensions["parts"].storage.put_content(b"%PDF-1.7 for two parties only", "pdf")
    return arrange(build, content)


@pytest.fixture
def browser(app: Flask) -> Callable[[User], FlaskClient]:
    """Signed in."""
    return lambda user: staff.signed_in(app, user)


@pytest.fixture
def program(app: Flask, arrange: Arrange) -> Callable[[User], dict[str, str]]:
    """The headers of a program with this person's token."""

    def issue(user: User) -> dict[str, str]:
        with app.app_context():
            mark = stamp(user)
        _, secret = arrange(access_token.issue, user_id=user.id, stamp=mark, label="walk", now=utc_now())
        return {"Authorization": f"Bearer {secret}"}

    return issue
