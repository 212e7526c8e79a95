"""The OpenAPI document, made of the list of operations and their schemas, so that it cannot say anything else."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Response, jsonify
from marshmallow import Schema

from views.api.about import ABOUT, CODES
from views.api.blueprint import PREFIX, api
from views.api.operation import FORM, JSON, KEY, OPERATIONS, Operation
from views.api.shapes import Gives, Moment, Nothing
from views.problem import MEDIA_TYPE

_PART = re.compile(r"<(?:(\w+):)?(\w+)>")


def _required(definition: dict[str, Any]) -> None:
    definition["required"] = sorted(definition.get("properties", {}))


def _bare(path: str) -> str:
    return _PART.sub(lambda part: "{" + part[2] + "}", path)


def _parameters(told: Operation, converter: OpenAPIConverter) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"format": "uuid"} if kind == "uuid" else {})},
        }
        for kind, name in _PART.findall(told.path)
    ]
    if told.query:
        found += converter.schema2parameters(told.query, location="query")
    if told.keyed:
        form = {"type": "string", "minLength": 8, "maxLength": 64}
        found.append({"name": KEY, "in": "header", "required": True, "schema": form})
    return found


def _body(told: Operation) -> dict[str, Any] | None:
    if told.takes is None:
        return None
    content: dict[str, Any] = {JSON: {"schema": told.takes}}
    if told.files:
        file = {"type": "array", "items": {"type": "string", "contentMediaType": "application/octet-stream"}}
        form = {"allOf": [told.takes], "properties": {"file": file}}
        content = {**content, FORM: {"schema": form}}
    return {"required": told.takes is not Nothing, "content": content}


def _answers(told: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {"description": told.summary}
    if told.gives is not None:
        said["content"] = {JSON: {"schema": told.gives}}
    if told.keyed:
        said["headers"] = {"Idempotent-Replayed": {"schema": {"type": "string", "const": "true"}}}
    problems = {"description": "Refused", "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {str(int(told.status)): said, "default": problems}


def _problem() -> dict[str, Any]:
    words = {"type": "string"}
    error = {
        "type": "object",
        "properties": {"pointer": words, "detail": words},
        "required": ["pointer", "detail"],
        "additionalProperties": False,
    }
    known = "\n".join(f"- `{code}`: {text}" for code, text in CODES.items())
    properties = {
        "type": words,
        "title": words,
        "status": {"type": "integer"},
        "detail": words,
        "code": {"type": "string", "description": f"Beside the names of HTTP statuses:\n\n{known}"},
        "request_id": words,
        "errors": {"type": "array", "items": error},
    }
    required = [name for name in properties if name != "errors"]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        title="Fixnado",
        version="1",
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": ABOUT},
        servers=[{"url": PREFIX}],
    )
    converter = plugin.converter
    assert converter is not None  # noqa: S101  the line above made it
    converter.field_mapping[Moment] = ("string", "date-time")
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", _problem())
    for told in OPERATIONS.values():
        parts: dict[str, Any] = {
            "operationId": told.name,
            "summary": told.summary,
            "parameters": _parameters(told, converter),
            "responses": _answers(told),
            "security": [] if told.public else [{"token": []}],
        }
        if (sent := _body(told)) is not None:
            parts["requestBody"] = sent
        spec.path(path=_bare(told.path), operations={told.method.lower(): parts})
    made: dict[str, Any] = spec.to_dict()
    for name in _given():
        if name in made["components"]["schemas"]:
            _required(made["components"]["schemas"][name])
    return made


def _name(schema: type[Schema] | Schema) -> str:
    found = schema if isinstance(schema, type) else type(schema)
    return found.__name__


def _given() -> set[str]:
    seen, waiting = set(), list(Gives.__subclasses__())
    while waiting:
        one = waiting.pop()
        seen.add(one.__name__)
        waiting += one.__subclasses__()
    return seen


@api.get("/_openapi")
def openapi() -> Response:
    """The document, for people's tools; it says nothing that needs a token."""
    return jsonify(document())


openapi.shop_guard = "public"  # type: ignore[attr-defined]
