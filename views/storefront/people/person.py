"""The person who is looking: read once per request, from the session cookie and the memberships."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import g
from flask_login import current_user

from app.observability import current_request_id
from app.session import session
from models.actor import Actor, ActorKind
from models.people.membership import Membership
from models.people.organisation import Organisation
from models.people.seller import Seller


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as a plain fact: it stays readable when a transaction ends."""

    id: UUID
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Person:
    """Nobody (`user_id` is None), or a signed-in person with the organisations they buy and sell for."""

    user_id: int | None = None
    name: str = ""
    buying: Party | None = None
    selling: Party | None = None

    @property
    def known(self) -> bool:
        """Somebody is signed in."""
        return self.user_id is not None

    def buyer(self) -> Actor:
        """As a customer."""
        return self._actor(ActorKind.buyer, self.buying)

    def seller(self) -> Actor:
        """As a provider."""
        return self._actor(ActorKind.seller, self.selling)

    def themselves(self) -> Actor:
        """As a person, for what is about their own account."""
        if self.user_id is None:
            raise RuntimeError("a guard let nobody through")
        return Actor(ActorKind.buyer, self.user_id, None, current_request_id(), self.name)

    def _actor(self, kind: ActorKind, party: Party | None) -> Actor:
        if party is None:
            raise RuntimeError("a guard let somebody through who acts for nobody")
        return Actor(kind, self.user_id, party.id, current_request_id(), self.name)


def current_person() -> Person:
    """Who is looking. The first call of a request asks the database, the others remember."""
    if "person" not in g:
        g.person = _read(current_user.id) if current_user.is_authenticated else Person()
    found: Person = g.person
    return found


def _read(user_id: int) -> Person:
    parties = session.execute(
        sa.select(Organisation.id, Organisation.name, Organisation.slug, Seller.id.label("seller_id"))
        .join(Membership, Membership.organisation_id == Organisation.id)
        .outerjoin(Seller, Seller.organisation_id == Organisation.id)
        .where(Membership.user_id == user_id)
        .order_by(Organisation.personal, Membership.created_at)  # who belongs to a company buys for it
    ).all()
    selling = next((Party(row.id, row.name, row.slug) for row in parties if row.seller_id), None)
    buying = next((Party(row.id, row.name, row.slug) for row in parties if not row.seller_id), selling)
    return Person(user_id, current_user.first_name, buying, selling)
