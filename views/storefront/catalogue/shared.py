"""What other sites and search engines are told about a page: its address, its card, facts in schema.org's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for

from app.services.commerce import quote
from app.services.commerce.money import written
from app.services.people.seller_public import Standing
from models.catalogue.listing import Listing
from models.catalogue.postcode_area import AREAS
from models.people.organisation import Organisation
from views.storefront.address import absolute, base
from views.storefront.catalogue.share_card import card_address

PENCE = 100
LONGEST = 300
Trail = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shared:
    """`facts` is JSON-LD. Every address is a full one."""

    address: str
    title: str
    description: str
    image: str = ""
    image_alt: str = ""
    facts: dict[str, Any] | None = None


def of_listing(listing: Listing, price: quote.Quote, trail: Trail) -> Shared:
    """A service with its all-in price."""
    address = absolute("storefront.listing", slug=listing.slug)
    title = f"{listing.title} by {listing.organisation.name}"
    total = written(price.total_minor, price.currency)
    image = card_address(listing, price)
    service = {
        "@type": "Service",
        "@id": f"{address}#service",
        "name": listing.title,
        "description": listing.description[:LONGEST],
        "serviceType": listing.primary_node.label,
        "areaServed": [AREAS[covered.area].name for covered in listing.areas],
        "provider": _business(listing.organisation),
        "image": image,
        "offers": {
            "@type": "Offer",
            "url": address,
            "price": f"{price.total_minor // PENCE}.{price.total_minor % PENCE:02d}",
            "priceCurrency": price.currency,
            "availability": "https://schema.org/InStock",
        },
    }
    crumbs = _crumbs([("Services", url_for("storefront.services")), *trail, (listing.title, "")])
    return Shared(
        address,
        title,
        f"{total} all-in. Your payment is held until the work is right.",
        image,
        f"{listing.title}, {total} all-in, by {listing.organisation.name}",
        {"@context": "https://schema.org", "@graph": [service, crumbs]},
    )


def of_seller(standing: Standing) -> Shared:
    """A business and since when it sells here."""
    row = standing.organisation
    return Shared(
        absolute("storefront.seller", slug=row.slug),
        row.name,
        f"{row.name} on Fixnado since {standing.since:%B %Y}.",
        facts={
            "@context": "https://schema.org",
            "@graph": [_business(row), _crumbs([("Services", url_for("storefront.services")), (row.name, "")])],
        },
    )


def of_page(endpoint: str, title: str, description: str, **values: Any) -> Shared:
    """Any other public page."""
    return Shared(absolute(endpoint, **values), title, description)


def _business(row: Organisation) -> dict[str, Any]:
    address = absolute("storefront.seller", slug=row.slug)
    return {"@type": "LocalBusiness", "@id": f"{address}#business", "name": row.name, "url": address}


def _crumbs(trail: Trail) -> dict[str, Any]:
    """The last one is the page itself and has no address."""
    items = [
        {"@type": "ListItem", "position": number, "name": label} | ({"item": base() + href} if href else {})
        for number, (label, href) in enumerate(trail, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}
