"""The button on cards and pages that saves a listing or a seller."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.services.catalogue import favourite
from app.unit_of_work import unit_of_work
from models.errors import Conflict, NotFound
from views.storefront.blueprint import storefront
from views.storefront.guard import person, public, safe_next
from views.storefront.people.person import current_person

Verb = Callable[..., None]
VERBS: dict[tuple[str, str], Verb] = {
    ("save", "listing"): favourite.save_listing,
    ("save", "seller"): favourite.save_seller,
    ("drop", "listing"): favourite.drop_listing,
    ("drop", "seller"): favourite.drop_seller,
}
"""A button is called by what it does, and its value is `listing:<slug>` or `seller:<slug>`."""
WISH = "wish"


@storefront.post("/favourites")
@public
def change_favourite() -> ResponseReturnValue:
    """Back to where one was. Who is not signed in does that first, and comes back with it saved."""
    deed = next((name for name in ("save", "drop") if name in request.form), "")
    what, _, slug = request.form.get(deed, "").partition(":")
    verb = VERBS.get((deed, what))
    if verb is None:
        raise NotFound
    back = _back(request.form.get("next", ""), what, slug)
    if (me := current_person().user_id) is None:
        cookie[WISH] = [deed, what, slug[:200]]
        wanted = url_for("storefront.account_favourite_wanted", next=back)
        return redirect(url_for("storefront.sign_in", next=wanted), HTTPStatus.SEE_OTHER)
    _do(verb, slug, me)
    return redirect(back, HTTPStatus.SEE_OTHER)


@storefront.get("/account/favourites/wanted")
@person
def account_favourite_wanted() -> ResponseReturnValue:
    """Signed in now: does what this browser asked for before. Nothing was asked for: only goes on."""
    deed, what, slug = cookie.pop(WISH, None) or ("", "", "")
    if verb := VERBS.get((deed, what)):
        try:
            _do(verb, slug, current_person().user_id or 0)
            flash("Saved. You find it under Favourites." if deed == "save" else "Taken off your favourites.", "success")
        except NotFound:
            flash("That is not offered any more.", "info")
    return redirect(safe_next(request.args.get("next", ""), url_for("storefront.home")), HTTPStatus.SEE_OTHER)


def _do(verb: Verb, slug: str, user_id: int) -> None:
    try:
        with unit_of_work(current_person().themselves()) as work:
            verb(work, slug, user_id=user_id)
    except Conflict as full:
        flash(str(full), "warning")


def _back(target: str, what: str, slug: str) -> str:
    """The page one was on, at the card that was pressed."""
    back = safe_next(target, url_for("storefront.home"))
    return f"{back}#l-{slug}" if what == "listing" and not back.startswith("/l/") and "#" not in back else back
