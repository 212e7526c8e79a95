"""The page of the mailbox: every mail that came, as people and as programs read it."""

from __future__ import annotations

import re

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup, escape

from app.simulators.mail.store import Received, Store
from app.simulators.mail.trouble import TROUBLES

pages = Blueprint("pages", __name__)
SHOWN = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_OPENS_ELSEWHERE = '<base target="_blank" rel="noreferrer">'
IN_A_FRAME = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def create_pages(store: Store) -> Flask:
    """A small web application over the store."""
    app = Flask(__name__)
    app.extensions["store"] = store
    app.register_blueprint(pages)
    app.before_request(_same_site)
    app.after_request(_guard)
    app.add_url_rule("/healthz", "health", lambda: {"status": "ok"})
    app.add_url_rule("/favicon.ico", "favicon", lambda: ("", 204))
    return app


def _store() -> Store:
    found: Store = current_app.extensions["store"]
    return found


def _mail(ident: int) -> Received:
    return _store().get(ident) or abort(404)


@pages.app_template_filter("linked")
def linked(text: str) -> Markup:
    """Addresses in a text as links."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        link = Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(found[0])
        parts += [escape(text[end : found.start()]), link]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


@pages.get("/")
def inbox() -> str:
    """The newest hundred."""
    to = request.args.get("to", "")
    return render_template("inbox.html", mails=_store().newest(to=to), to=to, troubles=TROUBLES)


@pages.get("/messages.json")
def messages() -> Response:
    """The newest hundred for programs; `?to=` narrows them."""
    return jsonify([one.told() for one in _store().newest(to=request.args.get("to", ""))])


@pages.get("/mail/<int:ident>")
def one(ident: int) -> str:
    """One mail: headers, text, and the HTML in a frame that can do nothing but open links."""
    mail = _mail(ident)
    return render_template("mail.html", mail=mail, headers=[(name, mail.header(name)) for name in SHOWN])


@pages.get("/mail/<int:ident>/html")
def html(ident: int) -> Response:
    """The HTML part; its links open a tab of their own, and nothing is loaded from anywhere."""
    answer = Response(_mail(ident).body("html").replace("<head>", f"<head>{_OPENS_ELSEWHERE}", 1), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = IN_A_FRAME
    return answer


@pages.get("/mail/<int:ident>.eml")
def raw(ident: int) -> Response:
    """As it came."""
    return Response(_mail(ident).raw, mimetype="text/plain")


@pages.post("/clear")
def clear() -> Response:
    """Forgets every mail."""
    _store().clear()
    found = redirect(url_for("pages.inbox"), 303)
    return Response(found.data, found.status_code, found.headers)


def _same_site() -> None:
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)


def _guard(response: Response) -> Response:
    policy = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'"
    response.headers.setdefault("Content-Security-Policy", f"{policy}; frame-ancestors 'none'")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
