"""Who may see a page of the shop. Every view wears exactly one of these; a house test reads `shop_guard`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import abort, redirect, url_for

from models.errors import NotFound
from views.storefront.people.person import current_person

View = Callable[..., Any]


def public(view: View) -> View:
    """For everybody; the page shows nothing that is not published."""
    view.shop_guard = "public"  # type: ignore[attr-defined]
    return view


def person(view: View) -> View:
    """For whoever is signed in: pages about one's own account."""
    return _guarded(view, "person", lambda: None)


def customer(view: View) -> View:
    """For a signed-in person who may buy. Staff have no organisation: for them the page does not exist."""

    def check() -> None:
        if current_person().buying is None:
            raise NotFound

    return _guarded(view, "customer", check, confirmed=True)


def provider(view: View) -> View:
    """For members of an organisation that sells. For everybody else the page does not exist."""

    def check() -> None:
        if current_person().selling is None:
            raise NotFound

    return _guarded(view, "provider", check, confirmed=True)


def _guarded(view: View, name: str, check: Callable[[], None], *, confirmed: bool = False) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_person().known:
            abort(401)
        if confirmed and not current_person().confirmed:
            return redirect(url_for("storefront.account_unconfirmed"), 303)
        check()
        return view(*args, **kwargs)

    guarded.shop_guard = name  # type: ignore[attr-defined]
    return guarded


def safe_next(target: str, otherwise: str) -> str:
    """`target` when it is a path of this site, else `otherwise`: no open redirect."""
    parts = urlsplit(target)
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    return target if plain and not parts.scheme and not parts.netloc else otherwise
