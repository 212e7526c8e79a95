"""An operation: an address, what it takes, what it gives, and for what changes something the key that makes it happen
once. The OpenAPI document is made of this list, so nothing is answered that is not in it.

`reads` wears a function that answers a dict; `does` one that answers a Deed, which runs in one unit of work under the
caller's `Idempotency-Key`. Refusals become problem documents (views/api/refusals.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any, ClassVar

from flask import Response, jsonify, request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from app.services.platform.idempotency_key import answer
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Refused
from views.api.blueprint import api
from views.api.caller import require_known
from views.api.shapes import Gives, Nothing, Takes
from views.problem import pointers

JSON, FORM = "application/json", "multipart/form-data"
LARGEST_JSON = 64 * 1024
KEY = "Idempotency-Key"
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""What neither the database nor UTF-8 can write."""
_KEY = re.compile(r'"?([\x21\x23-\x7e]{8,64})"?')


class KeyMissing(Refused):
    """A request that changes something came without a key."""


class BadFields(Refused):
    """Some of what was sent cannot be taken; `errors` say what, field by field."""

    status: ClassVar[int] = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("Some of that cannot be taken.")
        self.errors = errors


@dataclass(frozen=True)
class Operation:
    """One line of the OpenAPI document. `files` tells that a form with files is taken beside, or instead of, JSON."""

    name: str
    method: str
    path: str
    summary: str
    gives: type[Schema] | None
    takes: type[Schema] | None = None
    query: type[Schema] | None = None
    status: int = HTTPStatus.OK
    public: bool = False
    keyed: bool = False
    files: bool = False


OPERATIONS: dict[str, Operation] = {}
"""By the name of the function, which is the endpoint."""


@dataclass(frozen=True)
class Deed:
    """What an operation does: `run` is called once in the actor's unit of work and answers what `gives` writes.
    `besides` is part of the request that is not in its body (hashes of files). `after` adds to the stored answer what
    must be asked anew each time; it runs when everything is committed."""

    actor: Actor
    run: Callable[[Session], dict[str, Any]]
    besides: Mapping[str, Any] = field(default_factory=dict)
    after: Callable[[dict[str, Any]], dict[str, Any]] | None = None


View = Callable[..., Any]


def reads(
    path: str, *, gives: type[Gives], query: type[Takes] | None = None, public: bool = False
) -> Callable[[View], View]:
    """A GET. The function is called with what `query` read, if there is one, and the address's parts."""

    def register(function: View) -> View:
        told = Operation(function.__name__, "GET", path, _summary(function), gives, query=query, public=public)

        @wraps(function)
        def view(**parts: Any) -> Response:
            if not public:
                require_known()
            asked = (_loaded(query, request.args.to_dict()),) if query else ()
            return jsonify(gives().dump(function(*asked, **parts)))

        _add(told, view)
        return function

    return register


def does(
    path: str,
    *,
    gives: type[Gives],
    takes: type[Takes] = Nothing,
    status: int = HTTPStatus.OK,
    files: bool = False,
) -> Callable[[View], View]:
    """A POST that changes something. The function is called with what `takes` read and the address's parts, and
    answers a Deed."""

    def register(function: View) -> View:
        told = Operation(
            function.__name__, "POST", path, _summary(function), gives, takes, status=status, keyed=True, files=files
        )

        @wraps(function)
        def view(**parts: Any) -> Response:
            require_known()
            key, sent = _key(), body(files=files)
            return _done(function(_loaded(takes, sent), **parts), told, key, {"sent": sent, "parts": parts})

        _add(told, view)
        return function

    return register


def plain(operation: Operation, view: View) -> None:
    """An operation that is neither: signing in and out have no key and no unit of work of ours around them."""

    @wraps(view)
    def checked(**parts: Any) -> Any:
        if not operation.public:
            require_known()
        return view(**parts)

    _add(operation, checked)


def _done(deed: Deed, told: Operation, key: str, asked: dict[str, Any]) -> Response:
    gives = told.gives
    assert gives is not None  # noqa: S101  `does` asks for one
    request_made = {"operation": told.name, **asked, **deed.besides}
    with unit_of_work(deed.actor) as work:
        found = answer(work, "api", key, request_made, lambda: dict(gives().dump(deed.run(work))), wait=False)
    body = deed.after(found.response) if deed.after else found.response
    response = jsonify(body)
    response.status_code = told.status
    if found.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def body(*, files: bool = False) -> dict[str, Any]:
    """What was sent, unchecked: a JSON object, or the fields of a form where files are taken; nothing is `{}`.

    Raises werkzeug's 400, 413 and 415.
    """
    if files and request.mimetype == FORM:
        return _written(dict(request.form.to_dict()))
    if (request.mimetype or request.content_length) and not request.is_json:
        raise UnsupportedMediaType(f"Send {JSON}{f' or {FORM}' if files else ''}.")
    if (request.content_length or 0) > LARGEST_JSON or len(request.get_data()) > LARGEST_JSON:
        raise RequestEntityTooLarge
    if not request.get_data():
        return {}
    found = request.get_json()
    if not isinstance(found, dict):
        raise BadRequest("Send a JSON object.")
    return _written(found)


def _written(found: dict[str, Any]) -> dict[str, Any]:
    """What was sent, if it is text all through."""
    if _has_no_text(found):
        raise BadRequest("Text has no NUL character and no half of a surrogate pair.")
    return found


def _has_no_text(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_no_text(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(map(_has_no_text, value))
    return isinstance(value, str) and _NO_TEXT.search(value) is not None


def _key() -> str:
    given = request.headers.get(KEY, "")
    found = _KEY.fullmatch(given)
    if found is None:
        wrong = "must have 8 to 64 printable characters" if given else "is missing"
        raise KeyMissing(f"The header {KEY} {wrong}. Make one (a UUID) per command and keep it for every repetition.")
    return found[1]


def _loaded(schema: type[Schema], sent: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(schema().load(sent))
    except ValidationError as wrong:
        raise BadFields(list(pointers(wrong.messages))) from wrong


loaded = _loaded


def _summary(function: View) -> str:
    return " ".join((function.__doc__ or "").split())


def _add(told: Operation, view: View) -> None:
    view.shop_guard = "public" if told.public else "token"  # type: ignore[attr-defined]
    OPERATIONS[told.name] = told
    api.add_url_rule(told.path, told.name, view, methods=[told.method], provide_automatic_options=False)
