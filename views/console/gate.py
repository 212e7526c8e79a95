"""The one door: under /console/ a stranger is sent to sign in, and whoever is signed in without being staff finds
nothing there, as if there were no console."""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.extensions import CONSOLE
from views import drawing
from views.base import Guarded
from views.form_key import key_for

SIGN_IN = f"{CONSOLE}/login/"


def is_console(path: str) -> bool:
    """Whether an address belongs to the console."""
    return path == CONSOLE or path.startswith(f"{CONSOLE}/")


def stand_at_the_door() -> ResponseReturnValue | None:
    """Runs before every request, also for addresses that do not exist."""
    if not is_console(request.path):
        return None
    if current_user.is_authenticated:
        if not current_app.appbuilder.sm.is_staff(current_user):  # type: ignore[attr-defined]
            abort(404)
        g.in_console = True
        return None
    if request.path == SIGN_IN:
        g.in_console = True
        return None
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("LoginView.login", next=back), 303)


def current_view() -> Any:
    """The screen that answers this request, or None on pages that belong to none."""
    views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]
    return next((view for view in views if view.endpoint == request.blueprint and isinstance(view, Guarded)), None)


def menu_tree() -> Any:
    """The side navigation of the person who is signed in."""
    return current_app.appbuilder.menu.tree()  # type: ignore[attr-defined]


def density() -> str:
    """Row height, as the reader chose it."""
    return "comfortable" if request.cookies.get("density") == "comfortable" else "compact"


def install(app: Flask) -> None:
    """The door, and the words that console templates draw with."""
    app.before_request(stand_at_the_door)
    app.jinja_env.globals.update(
        draw=drawing,
        link=drawing.link,
        current_view=current_view,
        console_menu=menu_tree,
        density=density,
        key_for=key_for,
        environment=app.config.get("ENVIRONMENT", "development"),
    )
