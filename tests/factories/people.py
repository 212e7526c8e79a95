"""The cast: a few people whom every test knows, made by the product's own verbs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import organisation, person, seller
from app.services.platform import machine
from models.actor import Actor, ActorKind
from models.people.membership import Membership
from models.people.organisation import Organisation, OrganisationKind
from models.people.seller import Seller
from tests.factories import trader

PASSWORD = "plumb-level-square"
person.HASH_METHOD = "pbkdf2:sha256:1000"  # a real hash, made quickly: tests make hundreds of people
_number = count(1)


@dataclass(frozen=True)
class Party:
    """Somebody with the organisation they act for."""

    user: User
    organisation: Organisation
    actor: Actor


@dataclass(frozen=True)
class SellingParty(Party):
    """A party that sells."""

    seller: Seller


def staff(session: Session, role: str = "Moderator", email: str = "") -> User:
    """A member of staff with one console role."""
    address = email or f"staff{next(_number)}@fixnado.test"
    return person.create(
        session, email=address, password=PASSWORD, first_name="Moss", last_name=f"Okafor {role}", roles=[role]
    )


def operator(session: Session, role: str = "Moderator") -> Actor:
    """A member of staff as an actor."""
    return Actor.operator(staff(session, role).id)


def customer(session: Session, email: str = "", name: str = "Priya Nair") -> Party:
    """A private customer: a person with a personal organisation."""
    first, _, last = name.partition(" ")
    address = email or f"customer{next(_number)}@customer.test"
    user = person.create(session, email=address, password=PASSWORD, first_name=first, last_name=last)
    mine = session.scalars(sa.select(Organisation).join(Membership).where(Membership.user_id == user.id)).one()
    mine.address = "14 Stackpool Road\nBristol\nBS3 1NG"
    session.flush()
    return Party(user, mine, Actor(ActorKind.buyer, user.id, mine.id))


def business(session: Session, name: str = "Hartcliffe Lettings") -> Party:
    """A company that buys."""
    address = f"business{next(_number)}@customer.test"
    user = person.create(session, email=address, password=PASSWORD, first_name="Grace", last_name="Obi")
    row = organisation.create(session, owner=user, name=name, kind=OrganisationKind.customer)
    return Party(user, row, Actor(ActorKind.buyer, user.id, row.id))


def provider(
    session: Session,
    name: str = "Avon Electrical Testing",
    *,
    vat_registered: bool = True,
    active: bool = True,
    days: int = trader.LONG,
) -> SellingParty:
    """A business that sells, insured for so many days, checked by staff unless `active` is False."""
    address = f"provider{next(_number)}@provider.test"
    user = person.create(session, email=address, password=PASSWORD, first_name="Elin", last_name="Vaughan")
    row = organisation.create(session, owner=user, name=name, kind=OrganisationKind.provider)
    standing = seller.begin(session, row, vat_registered=vat_registered)
    actor = Actor(ActorKind.seller, user.id, row.id)
    trader.introduced(
        session, standing, actor=actor, name=name, email=address, vat_registered=vat_registered, days=days
    )
    seller.submit_kyc(session, standing, actor=actor)
    if active:
        checker = operator(session, "Operations")
        trader.checked(session, standing, actor=checker)
        machine.apply(session, standing, "approve", actor=checker)  # without its news: a story begins in silence
    return SellingParty(user, row, actor, standing)
