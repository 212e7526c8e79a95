"""The theme is a cookie set by a form: it needs no account, no script, and no consent (it is asked for)."""

from __future__ import annotations

from http import HTTPStatus

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from views.assets import THEME_COOKIE, THEMES
from views.storefront.blueprint import storefront
from views.storefront.guard import public, safe_next

A_YEAR = 365 * 24 * 3600


@storefront.post("/preferences/theme")
@public
def choose_theme() -> ResponseReturnValue:
    """Light, dark, or what the system says; back to the page it was chosen on."""
    chosen = request.form.get("theme", "")
    answer = redirect(safe_next(request.form.get("next", ""), url_for("storefront.home")), HTTPStatus.SEE_OTHER)
    if chosen in THEMES:
        secure = bool(current_app.config.get("SESSION_COOKIE_SECURE"))
        answer.set_cookie(THEME_COOKIE, chosen, max_age=A_YEAR, samesite="Lax", secure=secure, httponly=True)
    else:
        answer.delete_cookie(THEME_COOKIE)
    return answer
