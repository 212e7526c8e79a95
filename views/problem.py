"""What a program reads when the answer is no: a problem document (RFC 9457), the same from hooks, API and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify

from app.observability import current_request_id
from models.errors import Invalid, Refused

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = {HTTPStatus.SERVICE_UNAVAILABLE: "5", HTTPStatus.TOO_MANY_REQUESTS: "60"}
TYPES = "/api/v1/_openapi#"
"""Where the codes are explained."""
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def code_of(refusal: Refused) -> str:
    """What programs tell refusals apart by: `GuardFailed` is guard_failed."""
    return _WORDS.sub("_", type(refusal).__name__).lower()


def problem(
    status: int,
    *,
    code: str = "",
    detail: str = "",
    title: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`errors` are (pointer, detail) of each wrong field. A fault of ours carries the reference to its log line."""
    said = HTTPStatus(status)
    body: dict[str, Any] = {
        "type": f"{TYPES}{code}" if code else "about:blank",
        "title": title or said.phrase,
        "status": status,
        "detail": detail,
        "code": code or said.name.lower(),
        "request_id": current_request_id(),
    }
    if errors:
        body["errors"] = list(errors)
    answer = jsonify(body)
    answer.status_code, answer.mimetype = status, MEDIA_TYPE
    answer.headers.update(headers or {})
    if said in RETRY_SECONDS:
        answer.headers.setdefault("Retry-After", RETRY_SECONDS[said])
    return answer


def of_refusal(refusal: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """A verb said no. What is not there and what is not yours read the same."""
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    errors = [{"pointer": f"#/{name}", "detail": text} for name, text in fields.items()]
    return problem(refusal.status, code=code_of(refusal), detail=str(refusal), errors=errors, headers=headers)


def pointers(messages: Any, at: str = "#") -> Iterator[dict[str, str]]:
    """marshmallow's nested messages, one by one."""
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            yield from pointers(below, at if name == "_schema" else f"{at}/{name}")
    elif isinstance(messages, list | tuple):
        for one in messages:
            yield from pointers(one, at)
    else:
        yield {"pointer": at, "detail": str(messages)}
