"""Errors become pages once, here: a refusal keeps its sentence, anything unknown becomes a 500 with a reference."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSilent
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError

from app.observability import current_request_id
from models.errors import NotFound, Refused
from views.problem import problem
from views.storefront.people.person import Person

log = structlog.get_logger(__name__)
RETRY_SECONDS = "5"
MACHINES = ("/hooks/", "/api/")
_TITLES = {
    400: "That request cannot be read",
    401: "Sign in first",
    403: "This is not open to you",
    404: "There is nothing at this address",
    405: "This address does not take that",
    409: "That is not possible any more",
    413: "That file is too big",
    422: "Some of that cannot be taken",
    429: "Too many tries in a short time",
    500: "It is our fault, not yours",
    503: "We are not reachable for a moment",
}
_TEXTS = {
    400: "The browser sent something we do not understand. Go back, load the page again and send it once more.",
    403: "You are signed in, and this page is for someone else.",
    404: "The page may have moved, or the address is not quite right.",
    405: "Go back and use the button on the page.",
    409: "Somebody was faster, or the thing has moved on. Nothing was changed.",
    413: "Files may have up to 10 MB.",
    422: "Go back, check what you typed, and send it again.",
    429: "Wait a minute, then try again. Nothing was lost.",
    500: "Nothing was half done. If you were ordering, look at your orders before you try again.",
    503: "Nothing was lost. Try again in a few seconds.",
}


def page(status: int, text: str = "") -> Response:
    """The error page in the shop's clothes, or problem+json for a reader who asked for JSON."""
    if _by_a_machine():
        return problem(status, detail=text)
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    text = text or _TEXTS.get(status, "")
    reference = current_request_id() if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _ask_nobody()
    side = "console" if g.get("in_console") else "storefront"  # a customer finds no console there
    body = render_template(f"{side}/error.html", status=status, title=title, text=text, reference=reference)
    answer = make_response(body)
    answer.status_code = status
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _by_a_machine() -> bool:
    """Hooks and the API answer programs; elsewhere a reader may ask for JSON."""
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return wanted == "application/json" or request.path.startswith(MACHINES)


def _ask_nobody() -> None:
    """The page must not need what has just failed: without the database, the reader is nobody in particular, and who is
    known already has no news."""
    g.setdefault("person", Person())
    g.setdefault("unread", 0)
    g.setdefault("_login_user", AnonymousUserMixin())


def refused(error: Refused) -> ResponseReturnValue:
    """A verb said no. What is not there and what is not yours look the same, to the letter."""
    return page(error.status, "" if isinstance(error, NotFound) else str(error))


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Werkzeug's own errors; a redirect is not one."""
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    if isinstance(error, SecurityError):  # a host that is not ours: no address of this site can be built for it
        return Response("This server does not answer to that name.\n", error.code, mimetype="text/plain")
    if error.code == HTTPStatus.UNAUTHORIZED:
        return redirect(url_for("storefront.sign_in", next=request.full_path.rstrip("?")), HTTPStatus.SEE_OTHER)
    answer = page(error.code)
    if isinstance(error, MethodNotAllowed):
        answer.allow.update(error.valid_methods or ())
    return answer


def stale_form(_error: CSRFError) -> ResponseReturnValue:
    """The form's token is missing, old or another session's."""
    return page(400, "This page was open for too long, or in another session. Load it again and send it once more.")


def changed_meanwhile(_error: StaleDataError) -> ResponseReturnValue:
    """Somebody else changed the row between its reading and its writing; nothing of this request was kept."""
    return page(409)


def gone(error: Exception) -> ResponseReturnValue:
    """The database or the cache does not answer; the transaction is rolled back."""
    log.warning("unavailable", error=type(error).__name__, path=request.path)
    return page(503)


def unexpected(error: Exception) -> ResponseReturnValue:
    """A fault of ours: the log has the trace, the reader gets the reference to it."""
    log.error("unexpected", exc_info=error, path=request.path)
    return page(500)


def install(app: Flask) -> None:
    """Registers all of the above for every route that has no handler of its own."""
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(StaleDataError, changed_meanwhile)
    for kind in (OperationalError, InterfaceError, NoConnectionFree, RedisGone, RedisSilent):
        app.register_error_handler(kind, gone)
    app.register_error_handler(Exception, unexpected)
