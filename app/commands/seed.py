"""`flask seed`: the people, organisations and listings of a demonstration, made by the product's own verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
import yaml
from flask import current_app
from flask.cli import with_appcontext
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import organisation, person, seller, trader_seed
from app.session import session as current
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.people.membership import Membership
from models.people.organisation import Organisation, OrganisationKind

SOURCE = Path(__file__).parents[2] / "migrations" / "seeds" / "people.yaml"
PASSWORD = "plumb-level-square"  # noqa: S105  printed at every start; a production refuses to be seeded
ACTOR = Actor.system("seed")


@click.command("seed")
@with_appcontext
def command() -> None:
    """Make the demonstration's people, organisations and listings in an empty database."""
    with session_scope():
        seed_demonstration()


def accounts(source: Path = SOURCE) -> list[tuple[str, str, str]]:
    """(e-mail, name, what they do), for whoever prints them."""
    data = yaml.safe_load(source.read_text("utf-8"))
    staff = [(one["email"], one["name"], f"{one['roles'][0]}: {one['does']}") for one in data["staff"]]
    buyers = [(one["email"], one["name"], "customer") for one in data["customers"]]
    firms = [(one["email"], one["name"], f"customer, {one['organisation']}") for one in data["businesses"]]
    sellers = [(one["email"], one["name"], f"provider, {one['organisation']}") for one in data["providers"]]
    return [*staff, *buyers, *firms, *sellers]


def seed_demonstration(source: Path = SOURCE) -> None:
    """Does nothing where people exist already. Raises ClickException in production."""
    if current_app.config["ENVIRONMENT"] == "production":
        raise click.ClickException("a production database is not seeded: the accounts have a published password")
    data = yaml.safe_load(source.read_text("utf-8"))
    if current().scalar(sa.select(User.id).limit(1)) is not None:
        return
    with unit_of_work(ACTOR) as session:
        for one in data["staff"]:
            _person(session, one, roles=one["roles"])
        for one in data["customers"]:
            _customer(session, one)
        for one in data["businesses"]:
            _organisation(session, one, OrganisationKind.customer)
        for one in data["providers"]:
            _provider(session, one)


def _person(session: Session, one: dict[str, Any], roles: tuple[str, ...] = ()) -> User:
    first, _, last = one["name"].partition(" ")
    return person.create(session, email=one["email"], password=PASSWORD, first_name=first, last_name=last, roles=roles)


def _customer(session: Session, one: dict[str, Any]) -> None:
    user = _person(session, one)
    mine = sa.select(Organisation).join(Membership).where(Membership.user_id == user.id)
    row = session.scalars(mine).one()
    row.address, row.phone, row.email = one["address"], one["phone"], one["email"]


def _organisation(session: Session, one: dict[str, Any], kind: OrganisationKind) -> tuple[Organisation, User]:
    user = _person(session, one)
    row = organisation.create(session, owner=user, name=one["organisation"], kind=kind)
    for name in ("legal_name", "address", "phone", "company_number", "vat_number", "email"):
        setattr(row, name, one[name])
    session.flush()
    return row, user


def _provider(session: Session, one: dict[str, Any]) -> None:
    row, user = _organisation(session, one, OrganisationKind.provider)
    standing = seller.begin(session, row, vat_registered=one["vat_registered"])
    actor = Actor(ActorKind.seller, user.id, row.id)
    paper = current_app.extensions["parts"].storage.put_content(trader_seed.PAPER, "pdf")
    trader_seed.introduce(session, standing, one, paper, actor=actor)
    seller.submit_kyc(session, standing, actor=actor)
    if one["state"] == "active":
        checker = session.scalars(sa.select(User).where(User.email == "otto@fixnado.test")).one()
        trader_seed.check(session, standing, actor=Actor.operator(checker.id))
        seller.approve(session, standing, actor=Actor.operator(checker.id))
        moderator = session.scalars(sa.select(User).where(User.email == "moss@fixnado.test")).one()
        from app.services.catalogue import seed as listing_seed

        listing_seed.seed_listings(
            session,
            row,
            actor=actor,
            key=one["key"],
            moderator=Actor.operator(moderator.id),
            storage=current_app.extensions["parts"].storage,
        )
