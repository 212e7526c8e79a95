"""Accounts: a row of Flask-AppBuilder's ab_user, made by our own verbs."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.services.people import organisation
from models.errors import Conflict, Invalid
from models.people.account_standing import AccountStanding
from models.people.organisation import OrganisationKind
from models.types import utc_now

HASH_METHOD = "scrypt"
ADMINISTRATOR = "Administrator"
LONGEST_ADDRESS = 128
"""People sign in with their address: it is Flask-AppBuilder's `username` too, which has room for this."""


def hashed(password: str) -> str:
    """As it is kept."""
    return generate_password_hash(password, method=HASH_METHOD)


def address(email: str) -> str:
    """As it is kept: lower case, which can be longer than what was typed. Raises Invalid for one that has no room."""
    found = email.strip().lower()
    if len(found) > LONGEST_ADDRESS:
        told = f"Enter an address of at most {LONGEST_ADDRESS} characters"
        raise Invalid("That e-mail address is too long.", {"email": told})
    return found


def create(
    session: Session, *, email: str, password: str, first_name: str, last_name: str, roles: Sequence[str] = ()
) -> User:
    """An account whose address somebody vouches for. `roles` are console roles (security/roles.py).

    Raises Conflict when the address is taken, Invalid for a role that the database lacks.
    """
    found = list(session.scalars(sa.select(Role).where(Role.name.in_(roles))))
    if len(found) != len(set(roles)):
        raise Invalid("A role is missing. Run `flask roles sync`.")
    user = add(
        session, email=email, hash_=hashed(password), first_name=first_name, last_name=last_name, personal=not roles
    )
    user.roles = found
    session.get_one(AccountStanding, user.id).confirmed_at = utc_now()
    session.flush()
    return user


def add(session: Session, *, email: str, hash_: str, first_name: str, last_name: str, personal: bool = True) -> User:
    """An account that signs in with its e-mail address, which nobody has confirmed yet. Raises Conflict when the
    address is taken, Invalid when it is too long."""
    mine = address(email)
    if session.scalar(sa.select(User.id).where(sa.or_(User.email == mine, User.username == mine))) is not None:
        raise Conflict("There is an account with this e-mail address.")
    now = utc_now().replace(tzinfo=None)  # Flask-AppBuilder's columns are naive; they hold UTC
    user = User(
        username=mine,
        email=mine,
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        password=hash_,
        active=True,
        created_on=now,
        changed_on=now,
        login_count=0,
        fail_login_count=0,
    )
    session.add(user)
    session.info["verb"] = "person.create"
    session.flush()
    session.add(AccountStanding(user_id=user.id))
    session.flush()
    if personal:
        _give_personal_organisation(session, user)
    return user


def is_last_administrator(session: Session, user_id: int) -> bool:
    """Whether nobody else could give out roles. Locks the administrators: two do not stop each other at once."""
    held = sa.select(User).where(User.roles.any(Role.name == ADMINISTRATOR), User.active)
    found = session.scalars(held.order_by(User.id).with_for_update()).all()
    return [one.id for one in found] == [user_id]


def name_of_their_own(user: User) -> str:
    """What a private customer's organisation is called: like its person, as far as there is room."""
    return f"{user.first_name} {user.last_name}".strip()[: organisation.LONGEST_NAME].strip()


def _give_personal_organisation(session: Session, user: User) -> None:
    """An order's parties are organisations: a private customer has one of their own."""
    name = name_of_their_own(user)
    organisation.create(session, owner=user, name=name, kind=OrganisationKind.customer, personal=True)
