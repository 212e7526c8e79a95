"""Levers for people and tests: knobs, clock, deliveries. JSON in, JSON out; a form gets its page back."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, request, url_for

from app.simulators.payments import claims, disputes, knobs, verdicts
from app.simulators.payments.api import courier, refused, settings, store
from app.simulators.payments.courier import send_again
from app.simulators.payments.errors import ApiError, invalid
from app.simulators.payments.params import whole
from app.simulators.payments.store import Thing, Work, public

control = Blueprint("control", __name__)
control.register_error_handler(ApiError, refused)


def done(work: Work) -> Response:
    """How things stand now."""
    return answered({"knobs": knobs.current(work), "clock_offset_s": work.setting("clock_offset_s", 0)})


def answered(body: Thing, at: str = "") -> Response:
    """A program gets the document; a person gets the page back, at the section they pressed in."""
    courier().wake.set()
    if request.is_json:
        return jsonify(body)
    response = redirect(url_for("pages.state", _anchor=at or None), 303)
    return Response(response.data, response.status_code, response.headers)


def wanted() -> dict[str, object]:
    """The JSON object or the form, whichever came."""
    given: object = request.get_json() if request.is_json else request.form.to_dict()
    if not isinstance(given, dict):
        raise invalid("Send an object of names and numbers")
    return given


@control.get("/_knobs")
def read_knobs() -> Response:
    """What is turned how, and how far the clock was moved."""
    with store().work() as work:
        return jsonify({"knobs": knobs.current(work), "clock_offset_s": work.setting("clock_offset_s", 0)})


@control.post("/_knobs")
def turn_knobs() -> Response:
    """Turns the named knobs; the others stay."""
    with store().work() as work:
        knobs.turn(work, wanted())
        return done(work)


@control.delete("/_knobs")
def reset_knobs() -> Response:
    """Everything as it was at the start."""
    with store().work() as work:
        knobs.turn(work, {knob.name: knob.default for knob in knobs.KNOBS})
        return jsonify({"knobs": knobs.current(work), "clock_offset_s": work.setting("clock_offset_s", 0)})


@control.delete("/_state")
def start_over() -> tuple[str, int]:
    """Forget everything, between deliveries and not amid one."""
    with courier().busy:
        store().clear()
    return "", 204


@control.post("/_clock")
def advance_clock() -> Response:
    """Move the clock forward by `advance_s` seconds; it never goes back."""
    with store().work() as work:
        work.set("clock_offset_s", work.setting("clock_offset_s", 0) + whole(wanted(), "advance_s"))
        return done(work)


@control.delete("/_clock")
def real_time() -> Response:
    """The rehearsal is over: the clock shows real time again. Things keep the dates they have."""
    with store().work() as work:
        work.set("clock_offset_s", 0)
        return jsonify({"knobs": knobs.current(work), "clock_offset_s": 0})


@control.post("/_deliveries/<int:delivery>")
def deliver_again(delivery: int) -> Response:
    """Send one delivery again, dropped and delivered ones too."""
    with store().work() as work:
        send_again(work, delivery)
        return done(work)


@control.post("/_disputes")
def begin_dispute() -> Response:
    """Let the bank dispute a payment: `payment_intent`, and if wanted `amount`, `reason`, `inquiry`."""
    wish = wanted()
    amount = whole(wish, "amount") if wish.get("amount") else 0
    inquiry = str(wish.get("inquiry", "")).lower() in {"1", "true", "on"}
    with store().work() as work:
        intent = work.get("payment_intent", str(wish.get("payment_intent", "")))
        reason = str(wish.get("reason") or disputes.REASONS[0])
        made = claims.begin(work, intent, settings(), amount=amount, reason=reason, inquiry=inquiry)
        return answered(public(made), "disputes")


@control.post("/_disputes/<identity>")
def decide_dispute(identity: str) -> Response:
    """The bank's word: `outcome` is won, lost, warning_closed or escalated."""
    with store().work() as work:
        dispute = work.get("dispute", identity)
        decided = verdicts.decide(work, dispute, str(wanted().get("outcome", "")), settings())
        return answered(public(decided), "disputes")
