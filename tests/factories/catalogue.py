"""Providers who may sell, and service listings in any state, made through the real verbs."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.catalogue import listing as verbs
from app.services.catalogue.terms import Hours, ServiceTerms
from app.services.moderation.decision import decide
from models.actor import Actor, ActorKind
from models.catalogue.identifiers import node_id
from models.catalogue.listing import Listing
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation, OrganisationKind
from models.people.seller import Seller, SellerState
from models.types import utc_now, uuid7

EICR = "services/electrical/eicr"
PAINTING = "services/decorating/interior-painting"
DESCRIPTION = (
    "Every circuit is inspected and tested dead and live, faults are graded, and the report is in your inbox the same "
    "evening. Small repairs of up to twenty minutes are included."
)
OFFICE_HOURS = tuple(Hours(day, time(8), time(10)) for day in range(1, 6))


def user(session: Session, name: str = "") -> User:
    """An account with no role; committed by the test."""
    name = name or f"user-{uuid7().hex[-12:]}"
    account = User(
        first_name=name.title(),
        last_name="Test",
        username=name,
        email=f"{name}@example.test",
        active=True,
        password="!",
    )
    session.add(account)
    session.flush()
    return account


def moderator(session: Session) -> Actor:
    """A member of staff as the verbs see them."""
    return Actor.operator(user(session).id)


def provider(session: Session, name: str = "", *, state: SellerState = SellerState.active) -> Actor:
    """A provider's owner, acting for it; its seller account is in `state`."""
    name = name or f"Provider {uuid7().hex[-8:]}"
    company = Organisation(
        kind=OrganisationKind.provider, name=name, slug=verbs.slug(name, uuid7()), legal_name=f"{name} Ltd"
    )
    owner = user(session)
    session.add(company)
    session.flush()
    session.add_all(
        [
            Membership(user_id=owner.id, organisation_id=company.id, role=MembershipRole.owner),
            Seller(organisation_id=company.id, vat_registered=True, state=state, state_entered_at=utc_now()),
        ]
    )
    session.flush()
    return Actor(ActorKind.seller, user_id=owner.id, organisation_id=company.id)


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
