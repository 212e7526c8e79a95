"""Flask-AppBuilder's security manager, with what it leaves open closed.

One SELECT answers every permission question of a request. A session ends with its password or its account. There is no
JSON login of its own, no JWT, no API key and no public role: the console knows people who signed in, and nobody else
(programs have the tokens of app/services/people/access_token.py). Its view
classes are handed in by `views.console`, because the stairs only go down.

It commits by itself where somebody signs in (counters, last time): the one listed exception to "edges commit once".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, g, has_request_context, session
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    User,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_limiter import Limiter
from flask_login import current_user, user_logged_in

from app.extensions import limiter
from models.actor import Actor
from security.permissions import READ, stored

STAMP = "stamp"
_NOTHING: frozenset[tuple[str, str]] = frozenset()


class Manager(SecurityManager):
    """`authdbview` is the console's sign-in page; the other view classes of Flask-AppBuilder are not registered."""

    def __init__(self, appbuilder: Any) -> None:
        super().__init__(appbuilder)
        user_logged_in.connect(begin_session, current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001

    def create_limiter(self, app: Flask) -> Limiter:
        """The product's limiter, which the storefront's sign-in uses too."""
        limiter.init_app(app)
        return limiter

    def create_jwt_manager(self, app: Flask) -> None:
        """No JWT: nothing of ours reads one, and one with a leaked key would be a way in."""

    def register_views(self) -> None:
        """Only the sign-in page. People and roles are screens like all others."""
        self.auth_view = self.appbuilder.add_view_no_menu(self.authdbview())
        self.user_view = None

    def load_user(self, pk: Any) -> User | None:
        """The person of this session, or None when the account or the password changed since they signed in."""
        user = self.session.get(self.user_model, int(pk)) if str(pk).isdigit() else None
        if user is None or not user.is_active:
            return None
        return user if hmac.compare_digest(str(session.get(STAMP, "")), stamp(user)) else None

    def permissions_of(self, user: Any) -> frozenset[tuple[str, str]]:
        """Every (resource, stored verb) a person holds through their roles; read once per request."""
        if not user.is_authenticated:
            return _NOTHING
        cache: dict[int, frozenset[tuple[str, str]]] = g.setdefault("_permissions", {}) if has_request_context() else {}
        if user.id not in cache:
            cache[user.id] = frozenset((view, verb) for view, verb in self.session.execute(_held_by(user.id)))
        return cache[user.id]

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """May the person who is signed in do this? Nobody else may do anything."""
        return (view_name, permission_name) in self.permissions_of(current_user)

    def may(self, resource: str, verb: str) -> bool:
        """`has_access` in our own words: a verb on a resource."""
        return self.has_access(stored(verb), resource)

    def is_staff(self, user: Any) -> bool:
        """Whoever may open the console's first page."""
        return ("Home", stored(READ)) in self.permissions_of(user)

    def get_user_menu_access(self, menu_names: Iterable[str] | None = None) -> set[str]:  # noqa: ARG002
        """The menu shows a screen to whoever may read it (views/menu.py): no rows of its own."""
        return set()

    def is_item_public(self, permission_name: str, view_name: str) -> bool:  # noqa: ARG002
        """Nothing in the console is public."""
        return False

    def get_user_roles(self, user: Any) -> list[Any]:
        """The roles given to the person. Groups are not used, so they are not asked for."""
        return list(user.roles) if user.is_authenticated else []

    def update_user_auth_stat(self, user: User, success: bool = True) -> None:
        """Counts sign-ins and failures; times are UTC, Flask-AppBuilder's own are the server's."""
        user.login_count = (user.login_count or 0) + int(success)
        user.fail_login_count = 0 if success else (user.fail_login_count or 0) + 1
        if success:
            user.last_login = datetime.now(UTC).replace(tzinfo=None)
        self._commit(Actor.system("sign-in"), user)

    def noop_user_update(self, user: User) -> None:
        """Nothing: the unknown name already pays for one password hash, which is what takes the time."""

    def _commit(self, actor: Actor, user: User) -> None:
        work = self.session()
        work.info.update(actor=actor, reason=f"user {user.id}")
        try:
            work.commit()
        finally:
            work.info.pop("actor", None)
            work.info.pop("reason", None)


def stamp(user: User) -> str:
    """Changes with the password and with the account's state, so that older sessions stop counting."""
    key = str(current_app.secret_key).encode()
    text = f"{user.id}:{user.password}:{user.active}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:32]


def begin_session(_app: Flask, user: User) -> None:
    """Binds the session to the password and the account, gives it a lifetime, and a form token of its own."""
    session.pop("csrf_token", None)
    session[STAMP] = stamp(user)
    session.permanent = True


def _held_by(user_id: int) -> sa.Select[tuple[str, str]]:
    link, mine = assoc_permissionview_role.c, assoc_user_role.c
    return (
        sa.select(ViewMenu.name, Permission.name)
        .distinct()
        .join_from(PermissionView, ViewMenu, PermissionView.view_menu_id == ViewMenu.id)
        .join(Permission, PermissionView.permission_id == Permission.id)
        .join(assoc_permissionview_role, link.permission_view_id == PermissionView.id)
        .join(assoc_user_role, mine.role_id == link.role_id)
        .where(mine.user_id == user_id)
    )
