"""A new draft of what a listing says: for the next service that is nearly the same."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.services.catalogue import facet as facets
from app.services.catalogue import listing as listings
from app.services.catalogue.facet import FacetRule, Value
from app.services.catalogue.terms import TITLE, Hours, ServiceTerms
from models.actor import Actor
from models.catalogue.listing import Listing
from models.catalogue.listing_photo import ListingPhoto
from models.catalogue.postcode_area import AREAS
from models.commerce.cancellation_policy import STANDARD
from models.errors import Invalid, NotFound

MARK = " (copy)"


def copy(session: Session, listing: Listing, *, actor: Actor) -> Listing:
    """A draft with the same words, price, place, hours, answers and pictures: nothing of what became of the other.

    What a new listing could not say today (an area, an answer, a cancellation policy that is gone) is left out. Raises
    NotFound for another provider's listing, Invalid when its category takes no new ones.
    """
    if actor.organisation_id != listing.organisation_id:
        raise NotFound("There is no such listing.")
    if listing.primary_node.retired:
        raise Invalid("The category of this listing takes no new ones: begin a new listing in another.")
    made = listings.draft(session, _terms(session, listing), actor=actor)
    made.photos.extend(
        ListingPhoto(
            position=one.position,
            alt=one.alt,
            digest=one.digest,
            width=one.width,
            height=one.height,
            widths=list(one.widths),
        )
        for one in listing.photos
    )
    session.info["verb"] = "listing.copy"
    session.flush()
    return made


def title_of(title: str) -> str:
    """Marked as a copy, once, and within the limit of a title."""
    plain = title.removesuffix(MARK)
    return plain[: TITLE[1] - len(MARK)].rstrip() + MARK


def _terms(session: Session, listing: Listing) -> ServiceTerms:
    service = listing.service
    if service is None:
        raise RuntimeError(f"listing {listing.id} is no service")
    return ServiceTerms(
        title=title_of(listing.title),
        description=listing.description,
        node_id=listing.primary_node.id,
        price_minor=listing.price_minor,
        currency=listing.currency,
        duration_minutes=service.duration_minutes,
        crew_size=service.crew_size,
        notice_days=service.notice_days,
        zone=service.zone,
        areas=tuple(one.area for one in listing.areas if AREAS[one.area].served),
        hours=tuple(Hours(one.weekday, one.starts, one.ends) for one in listing.visit_hours),
        facets=_answers(session, listing),
        cancellation_policy=_ladder(session, listing.cancellation_policy),
    )


def _answers(session: Session, listing: Listing) -> dict[str, list[Value] | Value]:
    """The facets that the category still asks for, with values it still takes."""
    rules = {rule.facet.id: rule for rule in facets.effective(session, listing.primary_node)}
    given: dict[str, list[Value]] = {}
    for row in listing.facets:
        if row.facet_id in rules:
            given.setdefault(row.facet.key, []).append(row.value)
    by_key = {rule.facet.key: rule for rule in rules.values()}
    return {key: raw for key, values in given.items() if (raw := _still(by_key[key], values)) is not None}


def _still(rule: FacetRule, values: list[Value]) -> list[Value] | Value | None:
    raw = values if isinstance(values[0], str) and len(values) > 1 else values[0]
    try:
        return raw if rule.parse(raw) else None
    except ValueError:
        return None


def _ladder(session: Session, code: str) -> str:
    return code if listings.ladder_on_offer(session, code) else STANDARD
