"""One listing: what is done, for how much all-in, where, when they can come, and who the contract is with."""

from __future__ import annotations

from itertools import groupby

import sqlalchemy as sa
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.services.catalogue import offer
from app.services.commerce import quote
from app.services.people import absence
from app.services.people.absence import Away
from app.services.platform import clock
from app.session import session
from models.catalogue.listing import Listing
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.postcode_area import AREAS
from models.people.organisation import Organisation
from views.storefront import ladder
from views.storefront.blueprint import storefront
from views.storefront.catalogue import shared
from views.storefront.catalogue.card import includes, saved_of
from views.storefront.catalogue.on_sale import on_sale
from views.storefront.catalogue.photo import picture
from views.storefront.catalogue.picture import scene
from views.storefront.catalogue.question import Ask
from views.storefront.catalogue.question_shown import shown_on
from views.storefront.catalogue.tree import trail
from views.storefront.guard import public
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person
from views.storefront.review_block import block_of

Days = list[tuple[str, list[offer.Window]]]


def visit_days(listing: Listing, away: Away | None) -> Days:
    """The visits on offer, by day."""
    windows = offer.outside(listing, away, now=clock.now())
    return [(f"{day:%A} {day.day} {day:%B %Y}", list(group)) for day, group in groupby(windows, lambda one: one.day)]


def duration(minutes: int) -> str:
    """`3 hours`, `1 hour 30 minutes`, `2 days`, `45 minutes`."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} minutes"
    if hours >= 24 and not rest and hours % 8 == 0:  # noqa: PLR2004  a working day has eight hours
        return f"{hours // 8} working days"
    text = f"{hours} hour" if hours == 1 else f"{hours} hours"
    return f"{text} {rest} minutes" if rest else text


def facts(listing: Listing) -> list[tuple[str, str]]:
    """Facets as label and value; several values of one facet in one line."""
    grouped: dict[str, list[ListingFacet]] = {}
    for value in sorted(listing.facets, key=lambda one: (one.facet.position, one.position)):
        grouped.setdefault(value.facet.label, []).append(value)
    return [(label, ", ".join(value.shown for value in values)) for label, values in grouped.items()]


def _consumer() -> bool:
    """Whoever looks may be one; a person who buys for a business is told of its terms, not of a consumer's right."""
    buying = current_person().buying
    return buying is None or bool(session.scalar(sa.select(Organisation.personal).where(Organisation.id == buying.id)))


@storefront.get("/l/<slug>")
@public
def listing(slug: str) -> ResponseReturnValue:
    """Raises NotFound unless it is on sale."""
    found = on_sale(session(), slug)
    price = quote.of_listing(session(), found, at=clock.now())
    path = trail(session(), found.primary_node)
    selling = current_person().selling
    away = absence.of_organisation(session(), found.organisation_id)
    return render_template(
        "storefront/catalogue/listing.html",
        listing=found,
        price=price,
        includes=includes(price),
        scene=scene(found.primary_node.lineage),
        pictures=[picture(row) for row in found.photos],
        shared=shared.of_listing(found, price, path),
        trail=path,
        duration=duration(found.service.duration_minutes) if found.service else "",
        facts=facts(found),
        reviews=block_of(session(), found.organisation, listing=found),
        ladder=ladder.in_general(ladder.of_code(found.cancellation_policy)),
        consumer=_consumer(),
        areas=[AREAS[covered.area] for covered in found.areas],
        days=visit_days(found, away),
        away=away,
        wanted=request.args.get("window", ""),
        own=selling is not None and selling.id == found.organisation_id,
        saved=bool(saved_of(session(), [found.id])),
        form=Keyed(formdata=None),
        questions=shown_on(found),
        ask=Ask(formdata=None) if current_person().buying else None,
        order_at=url_for("storefront.begin", slug=slug),
    )
