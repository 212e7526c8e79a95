"""A provider's verbs on a listing. Others move it too: see app/services/moderation/decision.py."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import facet as facets
from app.services.catalogue import search_words
from app.services.catalogue.facet import Value
from app.services.catalogue.terms import DESCRIPTION, ServiceTerms
from app.services.platform import clock, machine
from models.actor import Actor
from models.catalogue.listing import Listing, ListingKind, ListingState
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.listing_node import ListingNode
from models.catalogue.service_detail import ServiceDetail
from models.catalogue.service_visit import ListingArea, VisitHours
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.commerce.cancellation_policy import CancellationPolicy
from models.errors import IllegalMove, Invalid, NotAllowed, NotFound
from models.people.seller import Seller, SellerState
from models.platform.transition import Transition
from models.types import uuid7

DOMAIN_OF = {ListingKind.service: "services"}
UK = ZoneInfo("Europe/London")
NO_LADDER = "Choose one of the cancellation policies on offer."
_TAIL = 6
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def draft(session: Session, terms: ServiceTerms, *, actor: Actor) -> Listing:
    """A new draft of the organisation the actor acts for. Raises Invalid, or NotAllowed when it does not sell."""
    if actor.organisation_id is None or seller_of(session, actor.organisation_id) is None:
        raise NotAllowed("Only sellers can offer something.")
    parts = _checked(session, terms)
    key = uuid7()
    listing = Listing(
        id=key,
        organisation_id=actor.organisation_id,
        kind=ListingKind.service,
        slug=slug(terms.title, key),
        **_plain_columns(terms),
    )
    _fill(listing, terms, *parts)
    machine.begin(session, listing)
    _write_search_words(session, listing)
    return listing


def edit(session: Session, listing: Listing, terms: ServiceTerms, *, actor: Actor) -> Listing:
    """Replaces the whole content of a draft; its address stays. Raises IllegalMove in any other state: what is in
    review or live is what a moderator sees or has seen."""
    _own(listing, actor)
    machine.lock(session, listing)
    if listing.state is not ListingState.draft:
        raise IllegalMove(
            f"This listing is {listing.state.value.lower()}: take it back to a draft before you change it."
        )
    parts = _checked(session, terms)
    for name, value in _plain_columns(terms).items():
        setattr(listing, name, value)
    for part in (listing.nodes, listing.areas, listing.visit_hours, listing.facets):
        part.clear()
    listing.service = None
    session.flush()  # the old parts go before new ones take their keys
    _fill(listing, terms, *parts)
    session.info["verb"] = "listing.edit"
    session.flush()
    _write_search_words(session, listing)
    return listing


def submit(session: Session, listing: Listing, *, actor: Actor) -> Transition:
    """draft → in review. Raises GuardFailed when the seller is not active, Invalid with what is missing."""
    _own(listing, actor)
    machine.lock(session, listing)
    if listing.state is ListingState.draft and (gaps := unfinished(session, listing)):
        raise Invalid("The listing is not finished.", gaps)
    return machine.apply(session, listing, "submit", actor=actor)


def withdraw(session: Session, listing: Listing, *, actor: Actor) -> Transition:
    """in review → draft: the provider takes it back before anyone decided."""
    return _move(session, listing, "withdraw", actor)


def resubmit(session: Session, listing: Listing, *, actor: Actor) -> Transition:
    """rejected → draft, to be changed and submitted again."""
    return _move(session, listing, "resubmit", actor)


def revise(session: Session, listing: Listing, *, actor: Actor) -> Transition:
    """live or paused → draft: it leaves the shop until its new words are approved."""
    return _move(session, listing, "revise", actor)


def pause(session: Session, listing: Listing, *, actor: Actor) -> Transition:
    """live → paused: not sold for now, nothing to review."""
    return _move(session, listing, "pause", actor)


def resume(session: Session, listing: Listing, *, actor: Actor) -> Transition:
    """paused → live. Raises GuardFailed when the seller is not active."""
    return _move(session, listing, "resume", actor)


def retire(session: Session, listing: Listing, *, actor: Actor) -> Transition:
    """Out of the shop for good; orders made from it are not touched."""
    return _move(session, listing, "retire", actor)


def find_own(session: Session, slug: str, *, actor: Actor) -> Listing:
    """The actor's organisation's listing with this address, in any state. Raises NotFound."""
    mine = sa.select(Listing).where(Listing.slug == slug, Listing.organisation_id == actor.organisation_id)
    listing = session.scalar(mine)
    if listing is None:
        raise NotFound("There is no such listing.")
    return listing


def seller_of(session: Session, organisation_id: UUID) -> Seller | None:
    """The organisation's standing as a seller, None when it never applied."""
    return session.scalar(sa.select(Seller).where(Seller.organisation_id == organisation_id))


def unfinished(session: Session, listing: Listing) -> dict[str, str]:
    """What keeps a draft from review: field name to sentence; empty when it is complete."""
    node = listing.primary_node
    rules = facets.effective(session, node)
    needs = {
        "description": (len(listing.description) >= DESCRIPTION[0], f"Write at least {DESCRIPTION[0]} characters."),
        "areas": (bool(listing.areas), "Say where you work."),
        "hours": (bool(listing.visit_hours), "Say when you can come."),
        "node": (not node.retired, "This category takes no new listings: choose another."),
        "cancellation_policy": (ladder_on_offer(session, listing.cancellation_policy), NO_LADDER),
    }
    gaps = {name: sentence for name, (holds, sentence) in needs.items() if not holds}
    return gaps | facets.missing(rules, (value.facet for value in listing.facets))


@machine.guard("listing", "submit", "resume")
def _seller_is_active(session: Session, listing: Listing, _arguments: dict[str, Any]) -> str | None:
    seller = seller_of(session, listing.organisation_id)
    if seller is not None and seller.state is SellerState.active:
        return None
    return "Only an active seller can put something in the shop: see the state of your seller account."


def _move(session: Session, listing: Listing, event: str, actor: Actor) -> Transition:
    _own(listing, actor)
    return machine.apply(session, listing, event, actor=actor)


def _own(listing: Listing, actor: Actor) -> None:
    """Another provider's listing looks as if it did not exist."""
    if actor.organisation_id != listing.organisation_id:
        raise NotFound("There is no such listing.")


Parts = tuple[TaxonomyNode, dict[TaxonomyFacet, list[Value]]]


def _checked(session: Session, terms: ServiceTerms) -> Parts:
    terms.check()
    node = session.scalar(
        sa.select(TaxonomyNode)
        .join(TaxonomyDomain, TaxonomyDomain.id == TaxonomyNode.domain_id)
        .where(TaxonomyNode.id == terms.node_id, TaxonomyDomain.slug == DOMAIN_OF[ListingKind.service])
    )
    child = sa.select(TaxonomyNode.id).where(TaxonomyNode.parent_id == terms.node_id, ~TaxonomyNode.retired).limit(1)
    if node is None or node.retired or session.scalar(child) is not None:
        raise Invalid("Choose a category.", {"node": "Choose one of the categories for services."})
    if not ladder_on_offer(session, terms.cancellation_policy):
        raise Invalid("Choose how customers may cancel.", {"cancellation_policy": NO_LADDER})
    return node, facets.validated(facets.effective(session, node), terms.facets)


def ladder_on_offer(session: Session, code: str) -> bool:
    """The dated table has a ladder of this code today."""
    today = clock.now().astimezone(UK).date()
    row = sa.select(CancellationPolicy.id).where(CancellationPolicy.code == code)
    return session.scalar(row.where(CancellationPolicy.valid.contains(today))) is not None


def _plain_columns(terms: ServiceTerms) -> dict[str, Any]:
    return {
        "title": " ".join(terms.title.split()),
        "description": terms.description.strip(),
        "price_minor": terms.price_minor,
        "currency": terms.currency,
        "cancellation_policy": terms.cancellation_policy,
        "content_changed_at": clock.now(),
    }


def _fill(listing: Listing, terms: ServiceTerms, node: TaxonomyNode, values: dict[TaxonomyFacet, list[Value]]) -> None:
    listing.service = ServiceDetail(
        duration_minutes=terms.duration_minutes,
        crew_size=terms.crew_size,
        notice_days=terms.notice_days,
        zone=terms.zone,
    )
    listing.nodes.append(ListingNode(node=node, node_id=node.id, is_primary=True))
    listing.areas.extend(ListingArea(area=area) for area in sorted(set(terms.areas)))
    listing.visit_hours.extend(
        VisitHours(weekday=h.weekday, starts=h.starts, ends=h.ends) for h in sorted(set(terms.hours))
    )
    listing.facets.extend(
        ListingFacet(facet=facet, facet_id=facet.id, position=position, **_typed(value))
        for facet, typed in values.items()
        for position, value in enumerate(typed)
    )


def _typed(value: Value) -> dict[str, Value]:
    if isinstance(value, bool):
        return {"boolean_value": value}
    return {"text_value" if isinstance(value, str) else "number_value": value}


def _write_search_words(session: Session, listing: Listing) -> None:
    listing.search_words = search_words.words(listing, search_words.path_of(session, listing.primary_node))
    session.flush()


def slug(title: str, key: UUID) -> str:
    """A readable public address that no other listing has; it stays when the title changes."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "listing"
    number, tail = key.int & ((1 << 62) - 1), ""
    for _ in range(_TAIL):
        number, place = divmod(number, len(_ALPHABET))
        tail += _ALPHABET[place]
    return f"{words}-{tail}"
