"""What is on sale, for everybody: the same search and the same all-in price as the shop's pages."""

from __future__ import annotations

from typing import Any

from app.services.catalogue import offer, search
from app.services.commerce import quote
from app.services.platform import clock
from app.session import session
from models.catalogue.listing import Listing
from models.errors import NotFound
from views.api.catalogue.listing_shape import ListingPage, ListingQuery, ListingShape, window_shape
from views.api.operation import reads
from views.api.shapes import money
from views.storefront.catalogue.card import Card, cards
from views.storefront.catalogue.listing import facts


def on_sale(work: Any, slug: str) -> Listing:
    """Raises NotFound unless it is live and its seller active."""
    found = search.by_slug(work, slug)
    if found is None:
        raise NotFound("There is no such listing.")
    return found


@reads("/listings", gives=ListingPage, query=ListingQuery, public=True)
def listings(asked: dict[str, Any]) -> dict[str, Any]:
    """What is on sale, best match first."""
    found = search.find(
        session(),
        node=asked["category"],
        text=asked["q"],
        area=asked["area"].upper(),
        after=asked["after"],
        limit=asked["limit"],
    )
    shown = zip(found.listings, cards(session(), found.listings), strict=True)
    return {"items": [_brief(row, card) for row, card in shown], "total": found.total, "next": found.after}


@reads("/listings/<slug>", gives=ListingShape, public=True)
def listing(slug: str) -> dict[str, Any]:
    """One listing, with today's price and the visits on offer."""
    row = on_sale(session(), slug)
    price = quote.of_listing(session(), row, at=clock.now())
    sums = {"net": price.net_minor, "vat": price.vat_minor, "fee": price.fee_minor, "total": price.total_minor}
    return {
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "category": row.primary_node.lineage,
        "provider": row.organisation.name,
        "price": {name: money(minor, price.currency) for name, minor in sums.items()},
        "areas": [covered.area for covered in row.areas],
        "facts": [{"label": label, "value": value} for label, value in facts(row)],
        "cancellation_policy": row.cancellation_policy,
        "windows": [window_shape(one) for one in offer.on_offer(session(), row, now=clock.now())],
    }


def _brief(row: Listing, card: Card) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "title": row.title,
        "category": row.primary_node.lineage,
        "provider": card.seller,
        "place": card.place,
        "price": money(card.all_in_minor, card.currency),
    }
