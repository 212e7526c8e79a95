"""The merchant's side: the part of a Stripe-shaped API that a marketplace's payments need."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from app.simulators.payments import idempotency, intents, knobs, refunds
from app.simulators.payments.courier import Courier
from app.simulators.payments.errors import ApiError, invalid
from app.simulators.payments.idempotency import Answer
from app.simulators.payments.params import nested, only
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Store, Thing, Work, public

api = Blueprint("api", __name__, url_prefix="/v1")

PAGE_MAX = 100
SEARCH_TERM = re.compile(r"metadata\[[\"'](\w+)[\"']\]:[\"']([^\"']*)[\"']")


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
        limited = knobs.take(work, "rate_limit")
    if limited:
        raise ApiError(429, "rate_limit_error", "Too many requests", code="rate_limit")


@api.errorhandler(ApiError)
def refused(error: ApiError) -> tuple[Response, int]:
    """Every refusal is the provider's error document."""
    return jsonify(error.body()), error.status


@api.after_request
def settled(response: Response) -> Response:
    """Something may be waiting for delivery now."""
    if request.method == "POST":
        courier().wake.set()
    return response


def write(perform: Callable[[Work, Thing], Thing], *names: str) -> Response:
    """Do a piece of work once per idempotency key, with the knobs that make its answer unreliable."""
    params = nested(request.form.items(multi=True))
    only(params, *names)
    with store().work() as work:
        wait_s = knobs.value(work, "answer_delay_ms") / 1000
        broken = knobs.take(work, "error_before")
    if broken:
        raise ApiError(500, "api_error", "An error occurred (simulated: nothing was done)")
    key = request.headers.get("Idempotency-Key", "")
    kept = idempotency.claim(store(), key, idempotency.fingerprint(request.path, params)) if key else None
    if kept:
        return respond(kept)
    time.sleep(wait_s)
    try:
        with store().work() as work:
            answer = answer_to(work, perform(work, params), params)
            late_s = knobs.value(work, "timeout_s") if knobs.take(work, "timeout_after") else 0
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
    """The thing itself; a declined confirmation as an error; or nonsense, if a knob says so."""
    if knobs.take(work, "error_after"):
        return Answer(500, ApiError(500, "api_error", "An error occurred (simulated: the work was done)").body())
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
    limit = min(max(intents.whole(params, "limit"), 1), PAGE_MAX) if "limit" in params else 10
    created = params.get("created")
    since = intents.whole(created, "gte") if isinstance(created, dict) and "gte" in created else 0
    after = str(params.get("starting_after", ""))
    with store().work() as work:
        found = work.find(kind, where, limit=limit + 1, after=after, since=since)
        data = [expanded(work, thing, params) for thing in found[:limit]]
    return jsonify({"object": shape, "url": request.path, "has_more": len(found) > limit, "data": data})


@api.post("/payment_intents")
def create_intent() -> Response:
    return write(intents.create, "amount", "currency", "description", "metadata")


@api.get("/payment_intents")
def list_intents() -> Response:
    return listing("payment_intent")


@api.get("/payment_intents/search")
def search_intents() -> Response:
    params = nested(request.args.items(multi=True))
    only(params, "query", "limit")
    terms = [SEARCH_TERM.fullmatch(term.strip()) for term in str(params.get("query", "")).split(" AND ")]
    where = {f"$.metadata.{term[1]}": term[2] for term in terms if term}
    if len(where) < len(terms):
        raise invalid("We were unable to parse your search query", param="query")
    return page(params, "payment_intent", where, "search_result")


@api.get("/payment_intents/<identity>")
def read_intent(identity: str) -> Response:
    return read("payment_intent", identity)


@api.post("/payment_intents/<identity>/confirm")
def confirm_intent(identity: str) -> Response:
    def perform(work: Work, params: Thing) -> Thing:
        return intents.pay(work, work.get("payment_intent", identity), intents.card_of(params), settings())

    return write(perform, "payment_method")


@api.post("/payment_intents/<identity>/cancel")
def cancel_intent(identity: str) -> Response:
    def perform(work: Work, params: Thing) -> Thing:
        return intents.cancel(work, work.get("payment_intent", identity), reason=params.get("cancellation_reason"))

    return write(perform, "cancellation_reason")


@api.post("/refunds")
def create_refund() -> Response:
    return write(refunds.create, "payment_intent", "amount", "reason", "metadata")


@api.get("/refunds")
def list_refunds() -> Response:
    return listing("refund", payment_intent="$.payment_intent", charge="$.charge")


@api.get("/refunds/<identity>")
def read_refund(identity: str) -> Response:
    return read("refund", identity)


@api.get("/charges/<identity>")
def read_charge(identity: str) -> Response:
    return read("charge", identity)


@api.get("/balance_transactions")
def list_movements() -> Response:
    return listing("balance_transaction", type="$.type", source="$.source")


@api.get("/balance_transactions/<identity>")
def read_movement(identity: str) -> Response:
    return read("balance_transaction", identity)


@api.get("/events")
def list_events() -> Response:
    return listing("event", type="$.type")


@api.get("/events/<identity>")
def read_event(identity: str) -> Response:
    return read("event", identity)
