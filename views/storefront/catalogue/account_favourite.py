"""The list of what a person saved, and taking something off with a way back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.services.catalogue import favourite
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.favourite import Favourite
from models.errors import NotFound
from views.storefront.blueprint import storefront
from views.storefront.catalogue import favourite_list
from views.storefront.guard import person
from views.storefront.paging import page_of
from views.storefront.people.person import current_person

TAKEN = "taken_off"


@storefront.get("/account/favourites")
@person
def account_favourites() -> ResponseReturnValue:
    """Listings, or with `show=sellers` sellers; what was saved last comes first."""
    sellers = request.args.get("show") == "sellers"
    mine = sa.select(Favourite).where(Favourite.user_id == current_person().user_id)
    query = favourite_list.sellers(mine) if sellers else favourite_list.listings(mine)
    page = page_of(session(), query, Favourite.id, request.args.get("before"))
    return render_template(
        "storefront/catalogue/favourites.html",
        sellers=sellers,
        page=page,
        saved=[] if sellers else favourite_list.told(session(), page.rows),
        selling=favourite_list.selling(session(), page.rows) if sellers else {},
        taken=(cookie.get(TAKEN) or {}) if request.args.get("taken") else {},
    )


@storefront.post("/account/favourites/remove")
@person
def account_favourite_remove() -> ResponseReturnValue:
    """Off the list; this browser remembers the last one, so that it can be put back as it was."""
    try:
        wanted = UUID(request.form.get("favourite", ""))
    except ValueError:
        raise NotFound from None
    with unit_of_work(current_person().themselves()) as work:
        gone = favourite.take_off(work, wanted, user_id=current_person().user_id or 0)
    cookie[TAKEN] = {name: str(value) for name, value in asdict(gone).items() if value is not None}
    return _to_list(gone, taken=1)


@storefront.post("/account/favourites/undo")
@person
def account_favourite_undo() -> ResponseReturnValue:
    """Puts the last one back, with its price of then."""
    kept = cookie.pop(TAKEN, None)
    if kept is None:
        return redirect(url_for("storefront.account_favourites"), HTTPStatus.SEE_OTHER)
    back = _taken(kept)
    with unit_of_work(current_person().themselves()) as work:
        favourite.put_back(work, back, user_id=current_person().user_id or 0)
    return _to_list(back)


def _to_list(one: favourite.Taken, **more: Any) -> ResponseReturnValue:
    show = "sellers" if one.organisation_id else None
    return redirect(url_for("storefront.account_favourites", show=show, **more), HTTPStatus.SEE_OTHER)


def _taken(kept: dict[str, str]) -> favourite.Taken:
    """From the signed cookie."""
    return favourite.Taken(
        listing_id=UUID(kept["listing_id"]) if "listing_id" in kept else None,
        organisation_id=UUID(kept["organisation_id"]) if "organisation_id" in kept else None,
        name=kept["name"],
        price_minor=int(kept["price_minor"]) if "price_minor" in kept else None,
        currency=kept.get("currency"),
        created_at=datetime.fromisoformat(kept["created_at"]),
    )
