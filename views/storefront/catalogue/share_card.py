"""The share card of a listing, drawn once for each content and kept in storage under a name made of that content."""

from __future__ import annotations

from hashlib import sha256

import rfc8785
from flask import Response, current_app
from flask.typing import ResponseReturnValue

from app.clients.storage import NotStored, Storage
from app.services.catalogue import photo
from app.services.commerce import quote
from app.services.commerce.money import written
from app.services.platform import clock
from app.session import session
from models.catalogue.listing import Listing
from reports.catalogue import share_card
from views.assets import built
from views.storefront.address import absolute
from views.storefront.blueprint import storefront
from views.storefront.catalogue.on_sale import on_sale
from views.storefront.guard import public

A_DAY = "public, max-age=86400"


def card_address(listing: Listing, price: quote.Quote) -> str:
    """Its address changes with what is on it, so that nobody shows an old price."""
    return absolute("storefront.listing_card", slug=listing.slug, v=_name(listing, _words(listing, price))[:12])


@storefront.get("/l/<slug>/card.jpg")
@public
def listing_card(slug: str) -> ResponseReturnValue:
    """Raises NotFound unless the listing is on sale."""
    found = on_sale(session(), slug)
    words = _words(found, quote.of_listing(session(), found, at=clock.now()))
    storage: Storage = current_app.extensions["parts"].storage
    key = f"share/{_name(found, words)}.jpg"
    try:
        data = storage.get(key)
    except NotStored:
        fonts = share_card.Fonts(
            built("bricolage-grotesque-latin-wght-normal.woff2"), built("figtree-latin-wght-normal.woff2")
        )
        leading = found.photos[0] if found.photos else None
        picture = storage.get(photo.key(leading.digest, f"{leading.width}.jpg")) if leading else b""
        data = share_card.render(share_card.CardFacts(**words, photo=picture), fonts)
        storage.put(key, data)
    response = Response(data, mimetype="image/jpeg")
    response.headers["Cache-Control"] = A_DAY
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # it is made to be shown elsewhere
    return response


def _words(listing: Listing, price: quote.Quote) -> dict[str, str]:
    return {
        "title": listing.title,
        "price": written(price.total_minor, price.currency),
        "seller": listing.organisation.name,
        "trade": listing.primary_node.label,
    }


def _name(listing: Listing, words: dict[str, str]) -> str:
    leading = listing.photos[0].digest.hex() if listing.photos else ""
    return sha256(rfc8785.dumps({**words, "photo": leading, "design": share_card.DESIGN})).hexdigest()
