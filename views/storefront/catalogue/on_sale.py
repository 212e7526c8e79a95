"""The listing at a public address, for every view that shows one."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.services.catalogue import search
from models.catalogue.listing import Listing
from models.errors import NotFound


def on_sale(work: Session, slug: str) -> Listing:
    """The listing at this address. Raises NotFound unless it is live and its seller active."""
    found = search.by_slug(work, slug)
    if found is None:
        raise NotFound
    return found
