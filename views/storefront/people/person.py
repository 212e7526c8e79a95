"""The person who is looking: read once per request, from the session cookie and the memberships."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import g
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user

from app.observability import current_request_id
from app.session import session
from models.actor import Actor, ActorKind
from models.people.account_standing import AccountStanding
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation
from models.people.seller import Seller
from security import sessions


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as a plain fact: it stays readable when a transaction ends."""

    id: UUID
    name: str
    slug: str
    personal: bool = False
    owner: bool = True
    """Whether the person may do everything for it, or its daily work."""
    sells: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Nobody (`user_id` is None), or a signed-in person with the organisations they buy and sell for."""

    user_id: int | None = None
    name: str = ""
    buying: Party | None = None
    selling: Party | None = None
    confirmed: bool = True
    """Whether their e-mail address is; until then they are nobody's buyer and nobody's seller."""
    parties: tuple[Party, ...] = ()
    chosen: Party | None = None
    """The organisation they said they act for, in this browser."""

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
    """One statement. Who was taken out of an organisation acts for it no more, whatever their session says."""
    rows = session.execute(
        sa.select(
            AccountStanding.user_id.label("standing_id"),
            AccountStanding.confirmed_at,
            Organisation.id,
            Organisation.name,
            Organisation.slug,
            Organisation.personal,
            Membership.role,
            Seller.id.label("seller_id"),
        )
        .select_from(User)
        .outerjoin(AccountStanding, AccountStanding.user_id == User.id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Seller, Seller.organisation_id == Organisation.id)
        .where(User.id == user_id)
        .order_by(Organisation.personal, Membership.created_at)  # who belongs to a company buys for it
    ).all()
    parties = tuple(
        Party(row.id, row.name, row.slug, row.personal, row.role is MembershipRole.owner, row.seller_id is not None)
        for row in rows
        if row.id is not None
    )
    if rows[0].standing_id is not None and rows[0].confirmed_at is None:
        return Person(user_id, current_user.first_name, confirmed=False, parties=parties)
    buying, selling, chosen = _parts(parties)
    return Person(user_id, current_user.first_name, buying, selling, parties=parties, chosen=chosen)


def _parts(parties: tuple[Party, ...]) -> tuple[Party | None, Party | None, Party | None]:
    """Whom they buy for, whom they sell for, and what they chose: a choice counts for both."""
    here = sessions.current()
    wanted = here.acting_for_id if here is not None else None
    chosen = next((one for one in parties if one.id == wanted), None)
    if chosen is not None:
        return chosen, chosen if chosen.sells else None, chosen
    selling = next((one for one in parties if one.sells), None)
    return next((one for one in parties if not one.sells), selling), selling, None
