"""From a cookie to a person and back. The cookie holds a secret and the database its row: what ends the row ends every
copy of the cookie, at once. A second cookie names the browser for longer, so that a new one can be noticed; it opens
nothing by itself."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import structlog
from flask import Flask, Response, after_this_request, current_app, g, has_request_context, request, session
from flask_appbuilder.security.sqla.models import User
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.exc import SQLAlchemyError

from app import session as sessions
from app.observability import current_request_id
from app.services.people import sign_in
from app.services.people.sign_in import Visitor
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.people.sign_in import SignIn, SignInEnd
from models.types import utc_now

log = structlog.get_logger(__name__)
TOKEN = "sign_in"  # noqa: S105  the name of a field
DEVICE = "device"
DEVICE_LIVES_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""


def stamp(user: User) -> str:
    """Changes with the password and with the account's state, so that older sessions stop counting."""
    key = str(current_app.secret_key).encode()
    text = f"{user.id}:{user.password}:{user.active}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]


def whose(user_id: Any) -> User | None:
    """The person of this request's cookie, or None when the session ended, wherever and however it did."""
    now = utc_now()
    found = sign_in.of_secret(sessions.session(), str(session.get(TOKEN, "")), now=now)
    if found is None or str(found[1].id) != str(user_id) or not sign_in.counts(found[0], stamp(found[1])):
        return None
    row, user = found
    g.sign_in, g.sign_in_is_stale = row, row.seen_at + sign_in.COARSE <= now
    return user


def current() -> SignIn | None:
    """The session this request came in; None for nobody, and for a program with a token."""
    found: SignIn | None = g.get("sign_in")
    return found


def visitor() -> Visitor:
    """Where this request comes from; a browser without a name is given one with the answer."""
    return Visitor(device(), request.user_agent.string, (request.remote_addr or "")[:45])


def device() -> str:
    """The browser's long-lived name: random, signed by us, and of no use to sign in with."""
    if "device" not in g:
        g.device = known_device() or _name_device()
    return str(g.device)


def known_device() -> str:
    """The name this browser came with; empty when it has none of ours."""
    try:
        return str(_signer().loads(request.cookies.get(DEVICE, "")))
    except BadSignature:
        return ""


def keep(user: User) -> None:
    """Writes the session's row and gives the browser its secret, a lifetime and a form token of its own."""
    mark, mine, where = stamp(user), user.id, visitor()
    actor = Actor(ActorKind.buyer, mine, request_id=current_request_id(), name="sign-in")
    with unit_of_work(actor) as work:
        if sign_in.is_new_device(work, user_id=mine, device=where.device):
            sign_in.warn_of_new_device(work, user=work.get_one(User, mine), visitor=where)
        row, secret = sign_in.begin(work, user_id=mine, stamp=mark, visitor=where, now=utc_now())
    session.pop("csrf_token", None)
    session[TOKEN] = secret
    session.permanent = True
    g.sign_in, g.sign_in_is_stale = row, False


def restamp(work: Any, user: User) -> None:
    """After a change of password by its owner: the session they sit in goes on, every other one ends."""
    here = current()
    sign_in.end_all(work, user_id=user.id, by=SignInEnd.password, now=utc_now(), keeping=here)
    if here is not None:
        work.merge(here, load=True).stamp = stamp(user)


def forget() -> None:
    """Ends the session of this request, and so every copy of its cookie."""
    found = sign_in.of_secret(sessions.session(), str(session.get(TOKEN, "")), now=utc_now())
    if found is None:
        return
    row_id, mine = found[0].id, found[1].id
    with unit_of_work(Actor(ActorKind.buyer, mine, request_id=current_request_id())) as work:
        sign_in.end(work, work.get_one(SignIn, row_id), by=SignInEnd.signed_out, now=utc_now())


def install(app: Flask) -> None:
    """Notes after a request that its session is in use; at most every few minutes, and never at the answer's cost."""

    @app.after_request
    def note_use(answer: Response) -> Response:
        if has_request_context() and g.get("sign_in_is_stale"):
            try:
                with unit_of_work(Actor.system("sign-in")) as work:
                    sign_in.touch(work, g.sign_in, now=utc_now())
            except (SQLAlchemyError, RuntimeError) as error:
                log.warning("a session's use was not noted", error=type(error).__name__)
        return answer


def _name_device() -> str:
    name = secrets.token_urlsafe(24)
    value, secure = _signer().dumps(name), bool(current_app.config.get("SESSION_COOKIE_SECURE"))

    @after_this_request
    def tell(answer: Response) -> Response:
        answer.set_cookie(DEVICE, value, max_age=DEVICE_LIVES_S, httponly=True, samesite="Lax", secure=secure)
        return answer

    return name


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="device")
