"""What a person saved: the button on cards and pages, the list, and taking something off with a way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, joinedload

from app.services.catalogue import favourite, offer
from app.services.catalogue.search import on_sale
from app.services.platform import clock
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.favourite import Favourite
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.errors import Conflict, NotFound
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from views.storefront.blueprint import storefront
from views.storefront.catalogue.card import Card, cards
from views.storefront.guard import person, public, safe_next
from views.storefront.paging import page_of
from views.storefront.people.person import current_person

Verb = Callable[..., None]
VERBS: dict[tuple[str, str], Verb] = {
    ("save", "listing"): favourite.save_listing,
    ("save", "seller"): favourite.save_seller,
    ("drop", "listing"): favourite.drop_listing,
    ("drop", "seller"): favourite.drop_seller,
}
"""A button is called by what it does, and its value is `listing:<slug>` or `seller:<slug>`."""
WISH, TAKEN = "wish", "taken_off"


@dataclass(frozen=True, slots=True)
class Saved:
    """One line of the list. Without a `card` it is not offered now; `cheaper_minor` is what it costs less than then."""

    row: Favourite
    card: Card | None = None
    next_visit: offer.Window | None = None
    cheaper_minor: int = 0
    dearer: bool = False


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
    me = current_person().user_id
    if me is None:
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
    verb = VERBS.get((deed, what))
    if verb is not None:
        try:
            _do(verb, slug, current_person().user_id or 0)
            flash("Saved. You find it under Favourites." if deed == "save" else "Taken off your favourites.", "success")
        except NotFound:
            flash("That is not offered any more, so it was not saved.", "info")
    return redirect(_safe(request.args.get("next", "")), HTTPStatus.SEE_OTHER)


@storefront.get("/account/favourites")
@person
def account_favourites() -> ResponseReturnValue:
    """Listings, or with `show=sellers` sellers; what was saved last comes first."""
    sellers = request.args.get("show") == "sellers"
    mine = sa.select(Favourite).where(Favourite.user_id == current_person().user_id)
    query = _sellers(mine) if sellers else _listings(mine)
    page = page_of(session(), query, Favourite.id, request.args.get("before"))
    return render_template(
        "storefront/catalogue/favourites.html",
        sellers=sellers,
        page=page,
        saved=[] if sellers else _told(session(), page.rows),
        selling=_selling(session(), page.rows) if sellers else {},
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


def _do(verb: Verb, slug: str, user_id: int) -> None:
    try:
        with unit_of_work(current_person().themselves()) as work:
            verb(work, slug, user_id=user_id)
    except Conflict as full:
        flash(str(full), "warning")


def _safe(target: str) -> str:
    return safe_next(target, url_for("storefront.home"))


def _back(target: str, what: str, slug: str) -> str:
    """The page one was on, at the card that was pressed."""
    back = _safe(target)
    at_card = what == "listing" and not back.startswith("/l/") and "#" not in back
    return f"{back}#l-{slug}" if at_card else back


def _listings(mine: sa.Select[Favourite]) -> sa.Select[Favourite]:
    of = joinedload(Favourite.listing)
    return mine.where(Favourite.listing_id.is_not(None)).options(
        of.joinedload(Listing.organisation),
        of.joinedload(Listing.service),
        of.selectinload(Listing.nodes).joinedload(ListingNode.node),
        of.selectinload(Listing.visit_hours),
    )


def _sellers(mine: sa.Select[Favourite]) -> sa.Select[Favourite]:
    return mine.where(Favourite.organisation_id.is_not(None)).options(joinedload(Favourite.organisation))


def _told(work: Session, rows: list[Favourite]) -> list[Saved]:
    """With the present price and the next visit of those that are offered now."""
    ids = [row.listing_id for row in rows]
    offered = set(work.scalars(sa.select(Listing.id).where(Listing.id.in_(ids), *on_sale())))
    there = [row.listing for row in rows if row.listing is not None and row.listing.id in offered]
    by_id = dict(zip((one.id for one in there), cards(work, there), strict=True))
    now = clock.now()
    return [
        _line(row, by_id[row.listing.id], offer.windows(row.listing, now=now)) if row.listing in there else Saved(row)
        for row in rows
        if row.listing is not None
    ]


def _line(row: Favourite, card: Card, windows: list[offer.Window]) -> Saved:
    less = (row.price_minor or 0) - card.all_in_minor
    return Saved(row, card, windows[0] if windows else None, max(less, 0), less < 0)


def _selling(work: Session, rows: list[Favourite]) -> dict[UUID, int]:
    """How many listings each of these sellers has in the shop; who may not sell is left out."""
    ids = [row.organisation_id for row in rows]
    counted = (
        sa.select(Organisation.id, sa.func.count(Listing.id).label("number"))
        .join(Seller, Seller.organisation_id == Organisation.id)
        .outerjoin(Listing, sa.and_(Listing.organisation_id == Organisation.id, Listing.state == ListingState.live))
        .where(Organisation.id.in_(ids), Seller.state == SellerState.active)
        .group_by(Organisation.id)
    )
    return {row.id: row.number for row in work.execute(counted)}
