"""How the merchant's side answers: who may ask, once per key, with knobs that make answers unreliable, in pages."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.simulators.payments import idempotency, knobs
from app.simulators.payments.courier import Courier
from app.simulators.payments.errors import ApiError, invalid
from app.simulators.payments.idempotency import Answer
from app.simulators.payments.params import nested, only, whole
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Store, Thing, Work, public

api = Blueprint("api", __name__, url_prefix="/v1")

PAGE_MAX = 100


def store() -> Store:
    """The state file of this run."""
    found: Store = current_app.extensions["store"]
    return found


def settings() -> Settings:
    """What this run was started with."""
    found: Settings = current_app.extensions["settings"]
    return found


def courier() -> Courier:
    """The thread that delivers events."""
    found: Courier = current_app.extensions["courier"]
    return found


@api.before_request
def known_merchant() -> None:
    """The secret key as bearer token or as basic user name; then the knobs that hit any call."""
    given = request.authorization
    key = (given.token if given.type == "bearer" else given.get("username")) if given else None
    if not hmac.compare_digest((key or "").encode(), settings().key.encode()):
        raise ApiError(401, "invalid_request_error", "Invalid API Key provided")
    # Raised after the transaction, which would else take the used-up count back with it.
    with store().work() as work:
        limited = knobs.take(work, "rate_limit", wishes(), call())
    if limited:
        raise ApiError(429, "rate_limit_error", "Too many requests", code="rate_limit")


def wishes() -> dict[str, str]:
    """How this one call wants to be mistreated: said in a header, or in the metadata it sends."""
    sent = request.form.get(f"metadata[{knobs.METADATA_NAME}]", "")
    return {knobs.METADATA_NAME: ",".join((request.headers.get(knobs.HEADER_NAME, ""), sent))}


def call() -> str:
    """What makes a repetition the same call: its key, or else its address."""
    return f"{request.method} {request.path} {request.headers.get('Idempotency-Key', '')}"


@api.errorhandler(ApiError)
def refused(error: ApiError) -> tuple[Response, int]:
    """Every refusal is the provider's error document."""
    return jsonify(error.body()), error.status


@api.errorhandler(RequestEntityTooLarge)
def too_large(_: RequestEntityTooLarge) -> tuple[Response, int]:
    """More bytes than any request needs."""
    return refused(ApiError(413, "invalid_request_error", "The request is too large"))


@api.after_request
def settled(response: Response) -> Response:
    """Something may be waiting for delivery now."""
    if request.method == "POST":
        courier().wake.set()
    return response


def write(perform: Callable[[Work, Thing], Thing], *names: str, **sent: str) -> Response:
    """Do a piece of work once per idempotency key, with the knobs that make its answer unreliable.

    `names` are the fields it knows; `sent` are further ones that came in another way, a file's sum for example.
    """
    params = nested(request.form.items(multi=True))
    only(params, *names)
    wish, same = wishes(), call()
    with store().work() as work:
        wait_s = knobs.value(work, "answer_delay_ms", wish) / 1000
        broken = knobs.take(work, "error_before", wish, same)
    if broken:
        raise ApiError(500, "api_error", "An error occurred (simulated: nothing was done)")
    key = request.headers.get("Idempotency-Key", "")
    kept = idempotency.claim(store(), key, idempotency.fingerprint(request.path, params | sent)) if key else None
    if kept:
        return respond(kept)
    time.sleep(wait_s)
    try:
        with store().work() as work:
            answer = answer_to(work, perform(work, params), params)
            if knobs.take(work, "error_after", wish, same):
                answer = Answer(500, ApiError(500, "api_error", "An error occurred (simulated: it was done)").body())
            late_s = knobs.value(work, "timeout_s", wish) if knobs.take(work, "timeout_after", wish, same) else 0
            idempotency.keep(work, key, answer)
    except Exception as error:
        with store().work() as work:
            if isinstance(error, ApiError) and error.executed:
                idempotency.keep(work, key, Answer(error.status, error.body()))
            else:
                idempotency.forget(work, key)
        raise
    courier().wake.set()
    time.sleep(late_s)
    return respond(answer)


def answer_to(work: Work, thing: Thing, params: Thing) -> Answer:
    """The thing itself, or a declined confirmation as an error."""
    body = expanded(work, thing, params)
    declined = thing.get("last_payment_error")
    if request.path.endswith("/confirm") and declined:
        return Answer(402, {"error": declined | {"payment_intent": body}})
    return Answer(200, body)


def respond(answer: Answer) -> Response:
    """An answer as HTTP; a replay says that it is one."""
    response = jsonify(answer.body)
    response.status_code = answer.status
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def expanded(work: Work, thing: Thing, params: Thing) -> Thing:
    """The public thing, with the ids named by `expand` replaced by what they point to (dots go deeper)."""
    body = public(thing)
    for path in (params.get("expand") or {}).values():
        branch: Any = body
        for step in str(path).split("."):
            kind = {"latest_charge": "charge"}.get(step, step)
            if not isinstance(branch, dict) or step not in branch:
                raise invalid(f"This property cannot be expanded ({path}).", param="expand")
            if isinstance(branch[step], str):
                branch[step] = public(work.get(kind, branch[step]))
            branch = branch[step]
            if branch is None:
                break
    return body


def read(kind: str, identity: str) -> Response:
    """One thing by id."""
    params = nested(request.args.items(multi=True))
    only(params)
    with store().work() as work:
        return jsonify(expanded(work, work.get(kind, identity), params))


def listing(kind: str, **filters: str) -> Response:
    """Things of a kind, newest first; `filters` maps a query parameter to the JSON path it must equal."""
    params = nested(request.args.items(multi=True))
    only(params, "limit", "starting_after", "created", *filters)
    where = {path: str(params[name]) for name, path in filters.items() if name in params}
    return page(params, kind, where)


def page(params: Thing, kind: str, where: dict[str, str], shape: str = "list") -> Response:
    """One page of a listing or search."""
    limit = min(max(whole(params, "limit"), 1), PAGE_MAX) if "limit" in params else 10
    created = params.get("created")
    since = whole(created, "gte") if isinstance(created, dict) and "gte" in created else 0
    after = str(params.get("starting_after", ""))
    with store().work() as work:
        found = work.find(kind, where, limit=limit + 1, after=after, since=since)
        data = [expanded(work, thing, params) for thing in found[:limit]]
    return jsonify({"object": shape, "url": request.path, "has_more": len(found) > limit, "data": data})
