"""Programs that speak to the API. Every answer they get is held against the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from jsonschema import Draft202012Validator
from redis import Redis
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.services.people import access_token
from models.types import utc_now, uuid7
from security.sessions import stamp
from tests.conftest import Arrange
from tests.factories import commerce, pictures
from tests.factories.staff import account
from views.api.openapi import document
from views.api.operation import OPERATIONS

PHOTO = pictures.png()


def check(app: Flask, answer: TestResponse) -> TestResponse:
    """Raises when the document does not describe this answer."""
    asked = answer.request
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json", f"{answer.mimetype}: {answer.text[:300]}"
        assert answer.json["status"] == answer.status_code
        _valid(answer.json, "Problem")
        return answer
    adapter = app.url_map.bind("localhost")
    endpoint, _ = adapter.match(asked.path, method=asked.method)
    if endpoint == "api.openapi":
        return answer
    told = OPERATIONS[endpoint.removeprefix("api.")]
    assert answer.status_code == told.status, f"{answer.status_code} for {told.name}"
    if told.gives is None:
        assert answer.data == b""
    else:
        assert answer.mimetype == "application/json"
        _valid(answer.json, told.gives.__name__)
    return answer


def _valid(body: Any, name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    wrong = [f"{one.json_path}: {one.message}" for one in Draft202012Validator(schema).iter_errors(body)]
    assert wrong == [], f"not a {name}: {body}"


@dataclass
class Program:
    """A client with a token, or with none."""

    app: Flask
    client: FlaskClient
    token: str = ""

    def _headers(self, **more: str) -> dict[str, str]:
        return {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **more}

    def get(self, path: str, **query: Any) -> TestResponse:
        return check(self.app, self.client.get(f"/api/v1{path}", query_string=query, headers=self._headers()))

    def read(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def delete(self, path: str) -> TestResponse:
        return check(self.app, self.client.delete(f"/api/v1{path}", headers=self._headers()))

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> TestResponse:
        """Under a fresh key, or the one that is given (empty: none)."""
        headers = self._headers(**({} if key == "" else {"Idempotency-Key": key or str(uuid7())}))
        return check(self.app, self.client.post(f"/api/v1{path}", json=body or {}, headers=headers))

    def send(self, path: str, fields: dict[str, Any], *, key: str | None = None) -> TestResponse:
        """A form with files."""
        headers = self._headers(**{"Idempotency-Key": key or str(uuid7())})
        sent = self.client.post(f"/api/v1{path}", data=fields, headers=headers, content_type="multipart/form-data")
        return check(self.app, sent)

    def done(self, path: str, body: dict[str, Any] | None = None, **named: Any) -> Any:
        answer = self.post(path, body, **named)
        assert answer.status_code < 300, answer.text
        return answer.json


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()


@pytest.fixture
def program(app: Flask, arrange: Arrange) -> Callable[[User], Program]:
    """`program(user)` has this person's token."""

    def make(user: User) -> Program:
        with app.app_context():
            mark = stamp(user)
        _, secret = arrange(access_token.issue, user_id=user.id, stamp=mark, label="test", now=utc_now())
        return Program(app, app.test_client(), secret)

    return make


@pytest.fixture
def nobody(app: Flask) -> Program:
    return Program(app, app.test_client())


@pytest.fixture
def buyer(told: commerce.Story, program: Callable[[User], Program]) -> Program:
    return program(told.buyer.user)


@pytest.fixture
def seller(told: commerce.Story, program: Callable[[User], Program]) -> Program:
    return program(told.seller.user)


@pytest.fixture
def staff(session: Session, program: Callable[[User], Program]) -> Callable[[str], Program]:
    """`staff("Operations")` is one person of this role, another one each time."""
    return lambda role: program(account(session, role))
