"""Levers for people and tests: knobs, clock, deliveries. JSON in, JSON out; a form gets its page back."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, request, url_for

from app.simulators.payments import intents, knobs
from app.simulators.payments.api import courier, refused, store
from app.simulators.payments.courier import send_again
from app.simulators.payments.errors import ApiError, invalid
from app.simulators.payments.store import Work

control = Blueprint("control", __name__)
control.register_error_handler(ApiError, refused)


def done(work: Work) -> Response:
    """How things stand now."""
    courier().wake.set()
    if not request.is_json:
        response = redirect(url_for("pages.state"), 303)
        return Response(response.data, response.status_code, response.headers)
    return jsonify({"knobs": knobs.current(work), "clock_offset_s": work.setting("clock_offset_s", 0)})


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
        work.set("clock_offset_s", work.setting("clock_offset_s", 0) + intents.whole(wanted(), "advance_s"))
        return done(work)


@control.post("/_deliveries/<int:delivery>")
def deliver_again(delivery: int) -> Response:
    """Send one delivery again, dropped and delivered ones too."""
    with store().work() as work:
        send_again(work, delivery)
        return done(work)
