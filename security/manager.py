"""Flask-AppBuilder's security manager, with what it leaves open closed.

One SELECT answers every permission question of a request. A session is a row (security/sessions.py). There is no
JSON login of its own, no JWT, no API key and no public role: the console knows people who signed in, and nobody else
(programs have the tokens of app/services/people/access_token.py). Its view
classes are handed in by `views.console`, because the stairs only go down.

It commits by itself where somebody signs in (counters, last time): the one listed exception to "edges commit once".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, g, has_request_context
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    User,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_appbuilder.security.utils import is_null_password
from flask_limiter import Limiter
from flask_login import current_user, user_logged_in, user_logged_out
from werkzeug.security import check_password_hash

from app import audit_trail
from app.extensions import limiter
from app.services.people import sign_in
from models.actor import Actor
from security import sessions
from security.permissions import READ, stored

_NOTHING: frozenset[tuple[str, str]] = frozenset()


class Manager(SecurityManager):
    """`authdbview` is the console's sign-in page; the other view classes of Flask-AppBuilder are not registered."""

    def __init__(self, appbuilder: Any) -> None:
        super().__init__(appbuilder)
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        user_logged_in.connect(begin_session, app)
        user_logged_out.connect(end_session, app)
        sessions.install(app)

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
        """The person of this session, or None when it, the account or the password ended since they signed in."""
        return sessions.whose(pk)

    def auth_user_db(self, username: str, password: str) -> User | None:
        """Whose name and password these are. A name that nobody has costs the same hash and the same statements."""
        name = (username or "").strip()
        user = self.session.scalars(_named(name)).first()
        usable = user is not None and user.is_active and not is_null_password(password)
        fake = str(current_app.config["AUTH_DB_FAKE_PASSWORD_HASH_CHECK"])
        right = check_password_hash(user.password if user is not None and usable else fake, password or "")
        if user is not None and usable and right:
            self.update_user_auth_stat(user, True)
            return user
        self._failed(name, str(user.id) if user is not None else "unknown")
        return None

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
        """Counts a sign-in, and forgets the failures before it; times are UTC, Flask-AppBuilder's own are the server's.

        Raises ValueError for a failure: those are counted by name (`auth_user_db`)."""
        if not success:
            raise ValueError("failures are counted by name")
        user.login_count = (user.login_count or 0) + 1
        user.fail_login_count = 0
        user.last_login = datetime.now(UTC).replace(tzinfo=None)
        self._commit(Actor.system("sign-in"), f"user {user.id}")

    def _failed(self, name: str, entity_id: str) -> None:
        """On the trail and on the account. What was typed is not kept: people type passwords into the wrong field."""
        work = self.session()
        work.info["verb"] = "sign_in.fail"
        sign_in.note_failure(work, name=name)
        work.info.update(actor=Actor.system("sign-in"), reason=f"user {entity_id}")
        audit_trail.note(work, "ab_user", entity_id, {"sign_in": "failed"})
        self._commit(Actor.system("sign-in"), f"user {entity_id}")

    def _commit(self, actor: Actor, reason: str) -> None:
        work = self.session()
        work.info.update(actor=actor, reason=reason)
        try:
            work.commit()
        finally:
            for key in ("actor", "reason", "verb"):
                work.info.pop(key, None)


def begin_session(_app: Flask, user: User) -> None:
    """Somebody showed who they are: from now on their browser has a session."""
    sessions.keep(user)


def end_session(_app: Flask, **_who: Any) -> None:
    """Somebody signs out: their session ends here, not only in their browser."""
    sessions.forget()


def _named(name: str) -> sa.Select[User]:
    """A user name goes before an e-mail address."""
    names, address = {name, name.lower()}, name.lower()
    mine = sa.or_(User.username.in_(names), User.email == address)
    return sa.select(User).where(mine).order_by(User.username.in_(names).desc(), User.id).limit(1)


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
