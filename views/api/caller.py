"""Who is asking: the holder of the bearer token, in the part they play. A session cookie is not looked at."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import ClassVar

from flask import current_app, g, request
from flask_appbuilder.security.sqla.models import User
from flask_login import AnonymousUserMixin, current_user

from app.observability import current_request_id
from app.services.people import access_token
from app.session import session
from models.actor import Actor
from models.errors import NotAllowed, Refused
from models.types import utc_now
from security.sessions import stamp
from views.audit_context import role_names


class Unauthorised(Refused):
    """No token, or one that does not count (any more)."""

    status: ClassVar[int] = HTTPStatus.UNAUTHORIZED

    def __init__(self, *, given: bool) -> None:
        super().__init__("This token is not valid (any more). Sign in again." if given else "Send an access token.")
        self.challenge = 'Bearer realm="fixnado"' + (', error="invalid_token"' if given else "")


def recognise() -> None:
    """Before every operation: the token's person, or nobody. Raises Unauthorised for a token that does not count."""
    g._login_user = AnonymousUserMixin()  # noqa: SLF001  set, Flask-Login never asks the session cookie
    header = request.headers.get("Authorization")
    if header is None:
        return
    scheme, _, secret = header.partition(" ")
    token = access_token.of_secret(session(), secret.strip(), now=utc_now()) if scheme.lower() == "bearer" else None
    user = session.get(User, token.user_id) if token else None
    if token is None or user is None or not user.is_active or not hmac.compare_digest(token.stamp, stamp(user)):
        raise Unauthorised(given=True)
    g._login_user, g.access_token_id = user, token.id  # noqa: SLF001


def require_known() -> None:
    """Raises Unauthorised without a token."""
    if not current_user.is_authenticated:
        raise Unauthorised(given=False)


def is_staff() -> bool:
    """Whoever may open the console acts for the house here too."""
    return bool(current_user.is_authenticated and current_app.extensions["appbuilder"].sm.is_staff(current_user))


def may(resource: str, verb: str) -> bool:
    """As the console asks it."""
    return bool(current_app.extensions["appbuilder"].sm.may(resource, verb))


def demand(resource: str, verb: str) -> None:
    """Raises NotAllowed without this permission."""
    if not may(resource, verb):
        raise NotAllowed("Your roles do not include this.")


def operator() -> Actor:
    """The member of staff who asks."""
    return Actor.operator(current_user.id, current_request_id(), role=role_names(current_user))
