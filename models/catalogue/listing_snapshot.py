"""A listing's whole content as plain data, and its fingerprint: what a moderator saw, what an order was made from."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import rfc8785

from models.catalogue.listing import Listing


def snapshot(listing: Listing) -> dict[str, Any]:
    """JSON with text for ids, times and numbers with a fraction. `price_minor` is net, in minor units."""
    node, service = listing.primary_node, listing.service
    return {
        "id": str(listing.id),
        "organisation": {"id": str(listing.organisation_id), "name": listing.organisation.name},
        "kind": listing.kind.name,
        "title": listing.title,
        "description": listing.description,
        "price_minor": listing.price_minor,
        "currency": listing.currency,
        "tax_category": node.tax_category,
        "node": {"id": str(node.id), "lineage": node.lineage, "label": node.label},
        "service": service
        and {
            "duration_minutes": service.duration_minutes,
            "crew_size": service.crew_size,
            "notice_days": service.notice_days,
            "zone": service.zone,
        },
        "areas": [covered.area for covered in listing.areas],
        "hours": [
            {"weekday": h.weekday, "starts": f"{h.starts:%H:%M}", "ends": f"{h.ends:%H:%M}"}
            for h in listing.visit_hours
        ],
        "facets": [
            {"key": f.facet.key, "label": f.facet.label, "value": _plain(f.value), "shown": f.shown}
            for f in listing.facets
        ],
        "photos": [{"sha256": photo.digest.hex(), "alt": photo.alt} for photo in listing.photos],
    }


def fingerprint(content: dict[str, Any]) -> bytes:
    """SHA-256 over the RFC 8785 form."""
    return sha256(rfc8785.dumps(content)).digest()


def _plain(value: object) -> str | bool:
    return value if isinstance(value, bool | str) else f"{value}"
