"""What is on sale, for everybody: the same search and the same all-in price as the shop's pages."""

from __future__ import annotations

from typing import Any

from app.services.catalogue import offer, photo, search
from app.services.commerce import quote, review_figure
from app.services.platform import clock
from app.session import session
from models.catalogue.listing import Listing
from models.catalogue.listing_photo import ListingPhoto
from models.errors import NotFound
from views.api.catalogue.listing_shape import ListingPage, ListingShape, photo_shape, window_shape
from views.api.catalogue.review_shape import figures_shape
from views.api.catalogue.search_query import ListingQuery, question
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
    """What is on sale: words, category, area, all-in price and facets, in one of three orders."""
    found = search.search(session(), question(asked), after=asked["after"], limit=asked["limit"])
    shown = zip(found.listings, cards(session(), found.listings), strict=True)
    leading = photo.first_of(session(), [row.id for row in found.listings])
    return {
        "items": [_brief(row, card, leading.get(row.id)) for row, card in shown],
        "total": found.total,
        "more": found.more,
        "text": found.text,
        "facets": [{"key": one.key, "label": one.label, "values": one.counts} for one in found.facets],
        "counted_at": found.counted_at,
        "next": found.after,
    }


@reads("/listings/<slug>", gives=ListingShape, public=True)
def listing(slug: str) -> dict[str, Any]:
    """One listing, with today's price, its photos, what was said of it and the visits on offer."""
    row = on_sale(session(), slug)
    price = quote.of_listing(session(), row, at=clock.now())
    sums = {"net": price.net_minor, "vat": price.vat_minor, "fee": price.fee_minor, "total": price.total_minor}
    seller = row.organisation
    return {
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "category": row.primary_node.lineage,
        "provider": seller.name,
        "seller": {
            "name": seller.name,
            "slug": seller.slug,
            "reviews": figures_shape(review_figure.summary(session(), "seller", seller.id)),
        },
        "reviews": figures_shape(review_figure.summary(session(), "listing", row.id)),
        "price": {name: money(minor, price.currency) for name, minor in sums.items()},
        "vat_bps": price.lines[0].vat_bps,
        "areas": [covered.area for covered in row.areas],
        "facts": [{"label": label, "value": value} for label, value in facts(row)],
        "photos": [photo_shape(one) for one in row.photos],
        "cancellation_policy": row.cancellation_policy,
        "windows": [window_shape(one) for one in offer.on_offer(session(), row, now=clock.now())],
    }


def _brief(row: Listing, card: Card, leading: ListingPhoto | None) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "title": row.title,
        "category": row.primary_node.lineage,
        "provider": card.seller,
        "seller": row.organisation.slug,
        "place": card.place,
        "price": money(card.all_in_minor, card.currency),
        "photo": photo_shape(leading) if leading else None,
    }
