"""The demonstration's listings, through the same verbs a provider and a moderator use."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from app.clients.storage import Storage
from app.services.catalogue import listing as verbs
from app.services.catalogue import photo, seed_photo
from app.services.catalogue.terms import Hours, ServiceTerms
from app.services.moderation.decision import decide
from models.actor import Actor, ActorKind
from models.catalogue.identifiers import node_id
from models.catalogue.listing import Listing
from models.moderation.policy import APPROVING
from models.people.organisation import Organisation

SOURCE = Path(__file__).resolve().parents[3] / "migrations" / "seeds" / "listings.yaml"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TERMS = ("title", "description", "duration_minutes", "crew_size", "notice_days", "facets")


def seed_listings(
    session: Session,
    organisation: Organisation,
    *,
    actor: Actor,
    key: str,
    moderator: Actor,
    storage: Storage | None = None,
    source: Path = SOURCE,
) -> list[Listing]:
    """Makes and submits what listings.yaml holds for `key`; all but those marked `review: waiting` are approved.

    `organisation` is an active seller, `actor` one of its people. With a `storage` the listings have drawn pictures.
    """
    made: list[Listing] = []
    actor = actor.acting_as(ActorKind.seller, organisation.id)
    for entry in yaml.safe_load(source.read_text("utf-8")).get(key, []):
        listing = verbs.draft(session, _terms(entry), actor=actor)
        if storage is not None:
            _pictures(session, listing, storage, turn=len(made), actor=actor)
        verbs.submit(session, listing, actor=actor)
        if entry.get("review") != "waiting":
            decide(
                session,
                listing,
                actor=moderator,
                approve=True,
                policy=APPROVING,
                reason="Scope, price and area are clear to a customer.",
                expected_version=listing.version,
            )
        made.append(listing)
    return made


def _pictures(session: Session, listing: Listing, storage: Storage, *, turn: int, actor: Actor) -> None:
    for surface in seed_photo.surfaces_of(listing.primary_node.lineage, turn):
        picture = photo.stored(storage, seed_photo.drawn(surface))
        photo.add(session, listing, picture, alt=seed_photo.SURFACES[surface][1], actor=actor)


def _terms(entry: dict[str, Any]) -> ServiceTerms:
    return ServiceTerms(
        node_id=node_id("services", entry["node"]),
        price_minor=entry["price"],
        areas=tuple(entry["areas"]),
        hours=tuple(hours for days, spans in entry["hours"].items() for hours in _hours(days, spans)),
        **{name: entry[name] for name in TERMS} | {"description": _unwrapped(entry["description"])},
    )


def _unwrapped(text: str) -> str:
    """Paragraphs as one line each: the file is wrapped for its own readers, the page wraps for its own."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def _hours(days: str, spans: list[str]) -> list[Hours]:
    """`mon-fri` or `sat`, and spans such as `08:00-10:00`."""
    first, _, last = days.partition("-")
    week = range(WEEK.index(first) + 1, WEEK.index(last or first) + 2)
    edges = [tuple(time.fromisoformat(part) for part in span.split("-")) for span in spans]
    return [Hours(day, starts, ends) for day in week for starts, ends in edges]
