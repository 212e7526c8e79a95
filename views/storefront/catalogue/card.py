"""A listing as a card: plain values, with the price of ordering it alone (DMCC Act 2024: the headline is all-in)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from app.services.catalogue import favourite, photo
from app.services.commerce import quote
from app.services.commerce.money import written
from app.services.people import absence, vat_status
from app.services.people.absence import Away
from app.services.platform import clock
from models.catalogue.listing import Listing
from models.catalogue.listing_photo import ListingPhoto
from models.catalogue.postcode_area import AREAS
from models.catalogue.service_visit import ListingArea
from views.storefront.catalogue.photo import CARD_WIDTH, Picture, picture
from views.storefront.catalogue.picture import scene
from views.storefront.people.person import current_person

SHOWN_AREAS = 2


@dataclass(frozen=True, slots=True)
class Card:
    """`all_in_minor` in minor units of `currency`; `includes` says what is in it. Without a `photo` of the provider's
    the `scene` of the category stands there. `slug` names the listing in the form that saves it."""

    title: str
    href: str
    node: str
    seller: str
    place: str
    scene: str
    photo: Picture | None
    all_in_minor: int
    currency: str
    includes: str
    slug: str
    saved: bool = False
    away_until: date | None = None


def cards(session: Session, listings: Sequence[Listing]) -> list[Card]:
    """Rates, VAT standing and areas are read once for all of them."""
    if not listings:
        return []
    areas = _areas(session, [listing.id for listing in listings])
    photos = photo.first_of(session, [listing.id for listing in listings])
    categories = frozenset(listing.tax_category for listing in listings)
    away = absence.of_organisations(session, {listing.organisation_id for listing in listings})
    saved = saved_of(session, [listing.id for listing in listings])
    now = clock.now()
    sellers = {listing.organisation_id for listing in listings}
    registered = vat_status.charging(session, sellers, now.astimezone(quote.UK).date())
    terms = {c: quote.terms(session, c, at=now, categories=categories) for c in {one.currency for one in listings}}
    return [
        _card(
            listing,
            quote.price(
                listing,
                terms[listing.currency],
                category=listing.tax_category,
                vat_registered=listing.organisation_id in registered,
            ),
            areas[listing.id],
            photos.get(listing.id),
            saved=listing.id in saved,
            away=away.get(listing.organisation_id),
        )
        for listing in listings
    ]


def saved_of(session: Session, listings: Sequence[UUID]) -> set[UUID]:
    """Which of them whoever is looking has saved."""
    person = current_person()
    return favourite.saved_among(session, person.user_id, listings) if person.user_id is not None else set()


def includes(price: quote.Quote) -> str:
    """What the all-in price has in it besides the work."""
    fee = f"the {written(price.fee_minor, price.currency)} order fee"
    return f"VAT and {fee}" if price.vat_minor else fee


def places(codes: Sequence[str], most: int = SHOWN_AREAS) -> str:
    """`Bristol, Bath and 3 more areas` from codes of postcode areas."""
    names = [AREAS[code].name for code in codes]
    shown, rest = names[:most], len(names) - most
    more = f" and {rest} more {'area' if rest == 1 else 'areas'}" if rest > 0 else ""
    return ", ".join(shown) + more


def _card(
    listing: Listing,
    price: quote.Quote,
    areas: list[str],
    leading: ListingPhoto | None,
    *,
    saved: bool,
    away: Away | None,
) -> Card:
    node = listing.primary_node
    return Card(
        title=listing.title,
        href=url_for("storefront.listing", slug=listing.slug),
        node=node.label,
        seller=listing.organisation.name,
        place=places(areas),
        scene=scene(node.lineage),
        photo=picture(leading, most=CARD_WIDTH) if leading else None,
        all_in_minor=price.total_minor,
        currency=price.currency,
        includes=includes(price),
        slug=listing.slug,
        saved=saved,
        away_until=away.until_day if away is not None and away.begun else None,
    )


def _areas(session: Session, listings: list[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    query = sa.select(ListingArea.listing_id, ListingArea.area).where(ListingArea.listing_id.in_(listings))
    for listing_id, area in session.execute(query.order_by(ListingArea.area)):
        found[listing_id].append(area)
    return found
