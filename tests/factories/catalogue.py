"""Providers who may sell, and service listings in any state, made through the real verbs."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import listing as verbs
from app.services.catalogue.terms import Hours, ServiceTerms
from app.services.moderation.decision import decide
from models.actor import Actor
from models.catalogue.identifiers import node_id
from models.catalogue.listing import Listing
from models.types import uuid7
from tests.factories import people

EICR = "services/electrical/eicr"
PAINTING = "services/decorating/interior-painting"
DESCRIPTION = (
    "Every circuit is inspected and tested dead and live, faults are graded, and the report is in your inbox the same "
    "evening. Small repairs of up to twenty minutes are included."
)
OFFICE_HOURS = tuple(Hours(day, time(8), time(10)) for day in range(1, 6))


def moderator(session: Session) -> Actor:
    """A member of staff who reviews listings."""
    return people.operator(session)


def provider(session: Session, name: str = "", *, active: bool = True) -> Actor:
    """A provider's owner, acting for it."""
    return people.provider(session, name or f"Provider {uuid7().hex[-8:]}", active=active).actor


def terms(**changes: Any) -> ServiceTerms:
    """A complete electrical report for 240.00 net; `changes` replace fields."""
    complete = ServiceTerms(
        title="Electrical safety report for a flat or house",
        description=DESCRIPTION,
        node_id=node_id("services", EICR),
        price_minor=24_000,
        duration_minutes=210,
        areas=("BS", "BA"),
        hours=OFFICE_HOURS,
        facets={"circuits": 12, "written_report": True, "property_type": ["flat", "house"]},
    )
    return replace(complete, **changes)


def painting(**changes: Any) -> ServiceTerms:
    """A complete painting job for 320.00 net."""
    given: dict[str, Any] = {
        "title": "One room painted, walls and ceiling",
        "description": "Cracks filled, walls sanded, two coats of matt on walls and ceiling. The paint is included.",
        "node_id": node_id("services", PAINTING),
        "price_minor": 32_000,
        "facets": {"property_type": ["flat"], "materials_included": "yes", "rooms": "1", "coats": "2"},
    }
    return terms(**(given | changes))


def draft(session: Session, seller: Actor, **changes: Any) -> Listing:
    return verbs.draft(session, terms(**changes), actor=seller)


def submitted(session: Session, seller: Actor, content: ServiceTerms | None = None, **changes: Any) -> Listing:
    listing = verbs.draft(session, content or terms(**changes), actor=seller)
    verbs.submit(session, listing, actor=seller)
    return listing


def live(session: Session, seller: Actor, content: ServiceTerms | None = None, **changes: Any) -> Listing:
    """Approved by a moderator of its own, who has nothing to do with the provider."""
    listing = submitted(session, seller, content, **changes)
    approve(session, listing, moderator(session))
    return listing


def approve(session: Session, listing: Listing, actor: Actor) -> None:
    decide(
        session,
        listing,
        actor=actor,
        approve=True,
        policy="listing.complete",
        reason="Scope, price and area are clear to a customer.",
        expected_version=listing.version,
    )


def state_of(session: Session, listing: Listing) -> str:
    """What the database says now."""
    return str(session.scalar(sa.text("select state from listing where id = :id"), {"id": listing.id}))
