"""A customer and a provider at their browsers, and the story they share, committed so that requests see it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.extensions import limiter
from app.services.people import account_request
from models.people.account_request import AccountRequest
from models.platform.mail_message import MailMessage
from tests.conftest import Arrange
from tests.factories import commerce, people


@dataclass
class Browser:
    """A test client that reads forms as a person does: what is hidden in the page goes back with what is typed."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def send(self, path: str, typed: dict[str, Any] | None = None, *, seen_on: str = "") -> TestResponse:
        """Posts `typed` together with the hidden fields that the form for `path` has on the page `seen_on`."""
        hidden = hidden_fields(self.page(seen_on), path) if seen_on else {}
        return self.client.post(path, data={**hidden, **(typed or {})}, content_type="multipart/form-data")


def hidden_fields(page: str, action: str) -> dict[str, str]:
    for form in re.findall(r"<form[^>]*>.*?</form>", page, re.DOTALL):
        if html.unescape(re.search(r'action="([^"]*)"', form)[1]) == action:
            inputs = re.findall(r"<input[^>]*>", form)
            return {
                re.search(r'name="([^"]*)"', tag)[1]: html.unescape((re.search(r'value="([^"]*)"', tag) or ["", ""])[1])
                for tag in inputs
                if 'type="hidden"' in tag
            }
    raise AssertionError(f"no form for {action} on the page")


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests sign in more often than people; one test switches the limits on."""
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture
def visitor(app: Flask) -> Browser:
    """Nobody is signed in."""
    return Browser(app.test_client())


@pytest.fixture
def signed_in(app: Flask) -> Callable[[people.Party], Browser]:
    """A browser in which this person has signed in through the form."""

    def sign_in(party: people.Party) -> Browser:
        client = app.test_client()
        answer = client.post("/sign-in", data={"email": party.user.email, "password": people.PASSWORD})
        assert answer.status_code == 303, answer.text
        return Browser(client)

    return sign_in


@pytest.fixture
def buyer(told: commerce.Story, signed_in: Callable[[people.Party], Browser]) -> Browser:
    return signed_in(told.buyer)


@pytest.fixture
def seller(told: commerce.Story, signed_in: Callable[[people.Party], Browser]) -> Browser:
    return signed_in(told.seller)


@pytest.fixture
def stranger(arrange: Arrange, signed_in: Callable[[people.Party], Browser]) -> Browser:
    """Another customer."""
    return signed_in(arrange(people.customer, name="Owen Reed"))


@pytest.fixture
def rival(arrange: Arrange, signed_in: Callable[[people.Party], Browser]) -> Browser:
    """Another provider."""
    return signed_in(arrange(people.provider, name="Severn Sparks"))


@pytest.fixture
def answered(arrange, session) -> Callable[[], list[MailMessage]]:
    """Does what the jobs would do, and answers the mails that were written since."""

    def run() -> list[MailMessage]:
        seen = set(session.scalars(sa.select(MailMessage.id)))

        def all_of(work):
            for row in work.scalars(sa.select(AccountRequest)).all():
                account_request.answer(work, row)

        arrange(all_of)
        session.rollback()
        return [m for m in session.scalars(sa.select(MailMessage).order_by(MailMessage.id)) if m.id not in seen]

    return run
