"""The merchant's side: the part of a Stripe-shaped API that a marketplace's payments need."""

from __future__ import annotations

import hashlib
import re

from flask import Response, request

from app.simulators.payments import answers, captures, evidence, intents, refunds
from app.simulators.payments.api import api, listing, page, read, settings, store, write
from app.simulators.payments.errors import invalid
from app.simulators.payments.params import nested, only
from app.simulators.payments.store import Thing, Work

__all__ = ["api"]
SEARCH_TERM = re.compile(r"metadata\[[\"'](\w+)[\"']\]:[\"']([^\"']*)[\"']")


@api.post("/payment_intents")
def create_intent() -> Response:
    return write(intents.create, "amount", "capture_method", "currency", "description", "metadata")


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


@api.post("/payment_intents/<identity>")
def update_intent(identity: str) -> Response:
    def perform(work: Work, params: Thing) -> Thing:
        return intents.update(work, work.get("payment_intent", identity), params)

    return write(perform, "description", "metadata", "payment_method")


@api.post("/payment_intents/<identity>/confirm")
def confirm_intent(identity: str) -> Response:
    def perform(work: Work, params: Thing) -> Thing:
        return intents.confirm(work, work.get("payment_intent", identity), params, settings())

    return write(perform, "payment_method")


@api.post("/payment_intents/<identity>/capture")
def capture_intent(identity: str) -> Response:
    def perform(work: Work, params: Thing) -> Thing:
        return captures.capture(work, work.get("payment_intent", identity), params, settings())

    return write(perform, "amount_to_capture")


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


@api.get("/disputes")
def list_disputes() -> Response:
    return listing("dispute", payment_intent="$.payment_intent", charge="$.charge")


@api.get("/disputes/<identity>")
def read_dispute(identity: str) -> Response:
    return read("dispute", identity)


@api.post("/disputes/<identity>")
def update_dispute(identity: str) -> Response:
    def perform(work: Work, params: Thing) -> Thing:
        return answers.update(work, work.get("dispute", identity), params)

    return write(perform, "evidence", "metadata", "submit")


@api.post("/disputes/<identity>/close")
def close_dispute(identity: str) -> Response:
    return write(lambda work, _: answers.close(work, work.get("dispute", identity)))


@api.post("/files")
def upload_file() -> Response:
    sent = request.files.get("file")
    if sent is None or request.form.get("purpose") != evidence.PURPOSE:
        raise invalid(f"Send a file with the purpose {evidence.PURPOSE}", param="file")
    name, content = sent.filename or "", sent.read()
    sum_ = hashlib.sha256(content).hexdigest()
    return write(lambda work, _: evidence.upload(work, name, content), "purpose", file=sum_)


@api.get("/files/<identity>")
def read_file(identity: str) -> Response:
    return read("file", identity)


@api.get("/files/<identity>/contents")
def read_content(identity: str) -> Response:
    with store().work() as work:
        content = evidence.content(work, work.get("file", identity))
    return Response(content, mimetype="application/octet-stream")


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
