"""What people see: the customer's payment page, the bank's step, and the simulator's own state."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for

from app.simulators.payments import cards, disputes, evidence, intents, knobs
from app.simulators.payments.api import courier, settings, store
from app.simulators.payments.errors import ApiError
from app.simulators.payments.money import shown
from app.simulators.payments.store import Thing, Work

pages = Blueprint("pages", __name__)

LATEST = 25
NO_SUCH_CARD = "Use one of the test cards listed below. Never type a real card number here."


@pages.app_template_filter("money")
def money(amount: int, currency: str) -> str:
    """Minor units as people read them."""
    return shown(amount, currency)


@pages.app_template_filter("moment")
def moment(seconds: float) -> str:
    """Seconds since 1970 as a UTC time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %H:%M:%S")


@pages.errorhandler(ApiError)
def refused(error: ApiError) -> tuple[str, int]:
    """An API error as a page."""
    said = "This payment link leads nowhere. Go back to the shop and try again." if error.code else str(error)
    return render_template("message.html", title="Payment not found", said=said, intent=None), error.status


@pages.get("/pay/<identity>")
def pay(identity: str) -> Response:
    """The page on which a card is typed."""
    with store().work() as work:
        intent = work.get("payment_intent", identity)
    return pay_page(intent)


@pages.post("/pay/<identity>")
def paid(identity: str) -> Response:
    """Pay or cancel; a second click meets the intent as the first one left it."""
    with store().work() as work:
        intent = work.get("payment_intent", identity)
        if intent["status"] not in intents.OPEN:
            return back(intent)
        if request.form.get("do") == "cancel":
            return back(intents.cancel(work, intent, reason="abandoned"))
        typed = request.form.get("card", "")
        card = cards.read(typed)
        if card is None:
            return pay_page(intent, problem=NO_SUCH_CARD)
        intent = intents.pay(work, intent, card, settings())
    if intent["status"] == "requires_action":
        return see_other(url_for("pages.bank", identity=identity))
    error = intent["last_payment_error"]
    return pay_page(intent, problem=error["message"], typed=card.spaced) if error else back(intent)


@pages.get("/pay/<identity>/bank")
def bank(identity: str) -> Response:
    """The bank's own question (3-D Secure)."""
    with store().work() as work:
        intent = work.get("payment_intent", identity)
    if intent["status"] != "requires_action":
        return see_other(url_for("pages.pay", identity=identity))
    return show("bank.html", intent, card=cards.BY_TOKEN[intent["_card"]])


@pages.post("/pay/<identity>/bank")
def confirmed(identity: str) -> Response:
    """The bank's yes or no."""
    with store().work() as work:
        intent = work.get("payment_intent", identity)
        if intent["status"] == "requires_action":
            agreed = request.form.get("do") == "confirm"
            intent = intents.authenticate(work, intent, settings(), agreed=agreed)
    error = intent["last_payment_error"]
    return pay_page(intent, problem=error["message"]) if error else back(intent)


def pay_page(intent: Thing, *, problem: str = "", typed: str = cards.CARDS[0].spaced) -> Response:
    """The form while the intent is open, else what became of it."""
    if intent["status"] in intents.OPEN:
        response = show("pay.html", intent, cards=cards.CARDS, problem=problem, typed=typed)
        response.status_code = 422 if problem else 200
        return response
    said = {
        "succeeded": ("Paid", "This payment has gone through. Nothing more is taken."),
        "processing": ("On its way", "This payment is being processed. Go back to the shop: it will tell you."),
        "requires_capture": ("Reserved", "The amount is reserved on the card. It is taken when the shop asks for it."),
        "canceled": ("Cancelled", "This payment was cancelled and can no longer be made. Nothing was taken."),
    }[intent["status"]]
    return show("message.html", intent, title=said[0], said=said[1], back=return_url(intent))


def show(template: str, intent: Thing, **values: object) -> Response:
    """A page about one intent; its form may lead to where the merchant wants the customer back."""
    g.form_target = "{0.scheme}://{0.netloc}".format(urlsplit(intent["_return_url"])) if intent["_return_url"] else ""
    merchant = settings().merchant
    return make_response(render_template(template, intent=intent, merchant=merchant, **values))


def return_url(intent: Thing) -> str:
    """The merchant's address with the intent and its outcome; the merchant must not believe it, only look it up."""
    if not intent["_return_url"]:
        return ""
    parts = urlsplit(intent["_return_url"])
    outcome = "canceled" if intent["status"] == "canceled" else "succeeded"
    added = urlencode({"payment_intent": intent["id"], "redirect_status": outcome})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def back(intent: Thing) -> Response:
    """To the merchant's page, or to our own word on it."""
    return see_other(return_url(intent) or url_for("pages.pay", identity=intent["id"]))


def see_other(url: str) -> Response:
    """303, so that going back or reloading does not post again."""
    courier().wake.set()
    found = redirect(url, 303)
    return Response(found.data, found.status_code, found.headers)


def told(work: Work, dispute: Thing) -> Thing:
    """A dispute with what may become of it, and with what the merchant sent, files by name and size."""
    sent = dispute["evidence"]
    files = [work.get("file", sent[name]) for name in evidence.FILES if sent[name]]
    verdicts = [word for word, states in disputes.DECIDED_BY.items() if dispute["status"] in states]
    return dispute | {"text": sent["uncategorized_text"] or "", "files": files, "verdicts": verdicts}


@pages.get("/")
def state() -> Response:
    """Everything at a glance; no keys and no secrets."""
    with store().work() as work:
        sql = """SELECT delivery.*, json_extract(thing.body, '$.type') AS kind FROM delivery
          JOIN thing ON thing.id = delivery.event ORDER BY delivery.id DESC LIMIT ?"""
        values = {
            "now": work.now(),
            "offset": work.setting("clock_offset_s", 0),
            "reasons": disputes.REASONS,
            "intents": work.find("payment_intent", limit=LATEST),
            "refunds": work.find("refund", limit=LATEST),
            "disputes": [told(work, one) for one in work.find("dispute", limit=LATEST)],
            "movements": work.find("balance_transaction", limit=LATEST),
            "deliveries": [dict(row) for row in work.rows(sql, LATEST)],
            "knobs": [(knob, knobs.value(work, knob.name)) for knob in knobs.KNOBS],
            "waiting": work.rows("SELECT count(*) AS n FROM delivery WHERE state = 'pending'")[0]["n"],
        }
    return make_response(render_template("state.html", settings=settings(), **values))
