"""The first page: the promise, where the money goes, and what can be had today."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from app.services.catalogue import search
from app.session import session
from views.storefront.blueprint import storefront
from views.storefront.catalogue import shared
from views.storefront.catalogue.card import cards
from views.storefront.catalogue.picture import scene
from views.storefront.catalogue.tree import DOMAIN, Place, tree
from views.storefront.guard import public

NEWEST = 4
PROMISE = "Book trades at a price with everything in it. Your payment is held until the work is right."


@dataclass(frozen=True, slots=True)
class Lane:
    """A trade with what is on sale in it."""

    label: str
    picture: str
    places: list[Place]


@storefront.get("/")
@public
def home() -> ResponseReturnValue:
    """Trades without a listing are left out: the shelf is never padded."""
    lanes = [_lane(place) for place in tree(session()) if place.count]
    newest = search.newest(session(), node=DOMAIN, limit=NEWEST)
    return render_template(
        "storefront/home.html",
        lanes=lanes,
        newest=cards(session(), newest),
        shared=shared.of_page("storefront.home", "Book a trade, pay when it is right", PROMISE),
    )


def _lane(place: Place) -> Lane:
    return Lane(place.label, scene(place.lineage), [child for child in place.children if child.count] or [place])
