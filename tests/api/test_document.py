"""The OpenAPI document says everything that is there, and what cannot be read is refused as a problem."""

from __future__ import annotations

import json
import re
from http import HTTPStatus

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy.exc import OperationalError

from app.services.catalogue import search
from models.errors import Refused
from views.api import about
from views.api.operation import OPERATIONS, Operation
from views.api.shapes import Gives


@pytest.fixture
def document(nobody):
    return nobody.get("/_openapi").json


def operations(document):
    return {(method.upper(), path): one for path, item in document["paths"].items() for method, one in item.items()}


def test_every_route_of_the_api_is_in_the_document_and_nothing_else(app, document):
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes - {("GET", "/_openapi")} == set(operations(document))


def test_every_operation_says_what_it_is_for_and_who_may_ask(document):
    for (method, path), one in operations(document).items():
        assert one["summary"], path
        assert "default" in one["responses"], path
        headers = {part["name"] for part in one["parameters"] if part["in"] == "header"}
        keyed = method == "POST" and path != "/tokens"
        assert ("Idempotency-Key" in headers) == keyed, path
        public = path in {"/tokens", "/_openapi"} or path.startswith(("/listings", "/sellers"))
        assert one["security"] == ([] if public else [{"token": []}]), path


def test_every_schema_is_one_and_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert named <= set(schemas)
    assert document["openapi"].startswith("3.1")


def test_answers_always_carry_every_field(document):
    for one in Gives.__subclasses__():
        schema = document["components"]["schemas"].get(one.__name__)
        assert schema is None or schema["required"] == sorted(schema["properties"]), one


def test_every_code_that_is_explained_can_be_answered():
    known, waiting = set(), [Refused]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        known.add(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", one.__name__).lower())
    assert set(about.CODES) <= known


def test_an_operation_cannot_be_forgotten(app):
    endpoints = {name.removeprefix("api.") for name in app.view_functions if name.startswith("api.")}
    assert endpoints == {*OPERATIONS, "openapi"}
    assert all(isinstance(one, Operation) for one in OPERATIONS.values())


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"listing": "a\\u0000b"}', "application/json", 400),
        (b"listing=x", "application/x-www-form-urlencoded", 415),
        (b"<a/>", "application/xml", 415),
        (b'{"listing": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(buyer, body, kind, status):
    headers = {"Authorization": f"Bearer {buyer.token}", "Idempotency-Key": "0123456789"}
    answer = buyer.client.post("/api/v1/checkouts", data=body, content_type=kind, headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_an_address_or_a_method_that_is_not_there_is_a_problem(nobody):
    assert nobody.get("/nothing").json["title"] == "Not Found"
    answer = nobody.delete("/orders")
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert "GET" in answer.headers["Allow"]


def test_a_fault_of_ours_has_a_reference_and_no_details(nobody, monkeypatch, app):
    def broken(*_arguments, **_named):
        raise ValueError("secret inside")

    monkeypatch.setattr(search, "search", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = nobody.get("/listings")
    assert answer.status_code == 500
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert "secret" not in answer.text


def test_a_database_that_is_away_is_a_503(nobody, monkeypatch):
    def away(*_arguments, **_named):
        raise OperationalError("select 1", {}, Exception("gone"))

    monkeypatch.setattr(search, "search", away)
    answer = nobody.get("/listings")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
