"""The listing at a public address, on sale now or once: who has its page open is told that it went."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import search
from models.catalogue.listing import Listing
from models.errors import NotFound


def once_on_sale(work: Session, slug: str) -> Listing:
    """Raises NotFound for one that never was in the shop: a draft does not exist."""
    found = search.by_slug(work, slug)
    if found is None:
        before = sa.select(Listing).where(Listing.slug == slug.replace("\0", ""), Listing.published_at.is_not(None))
        found = work.scalars(before).first()
    if found is None:
        raise NotFound
    return found


def still_on_sale(work: Session, listing: Listing) -> Listing | None:
    """It, or None when it left the shop."""
    return search.by_slug(work, listing.slug)
