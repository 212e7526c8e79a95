"""People who work in the console, and customers who do not, with their sessions."""

from __future__ import annotations

import secrets
from itertools import count

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.services.people import sign_in
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.types import utc_now, uuid7
from security.sessions import TOKEN, stamp

PASSWORD = "four unrelated words"
_number = count(1)


def account(session: Session, *roles: str, name: str = "", hashed: str = "x") -> User:
    """A person with these roles (none: a customer), committed. `hashed` is a password's hash, or something unusable."""
    n = next(_number)
    first = name or (roles[0].split()[0] if roles else "Casey")
    user = User(
        first_name=first,
        last_name=f"Person{n}",
        username=f"{first.lower()}{n}",
        email=f"{first.lower()}{n}@example.org",
        active=True,
        password=hashed,
    )
    user.roles = list(session.scalars(sa.select(Role).where(Role.name.in_(roles))))
    assert len(user.roles) == len(roles), f"roles {roles} are not in the database: did `flask prepare` run?"
    session.add(user)
    session.commit()
    return user


def with_password(session: Session, *roles: str, password: str = PASSWORD) -> User:
    """As `account`, able to sign in by the door."""
    return account(session, *roles, hashed=generate_password_hash(password, method="scrypt:1024:8:1"))


def signed_in(app: Flask, user: User) -> FlaskClient:
    """A client with this person's session, without the second that hashing a password takes."""
    client = app.test_client()
    with app.app_context():
        mark = stamp(user)
    where = sign_in.Visitor(secrets.token_hex(8), "", "127.0.0.1")
    with session_scope(), unit_of_work(Actor.system("test")) as work:
        _, secret = sign_in.begin(work, user_id=user.id, stamp=mark, visitor=where, now=utc_now())
    with client.session_transaction() as kept:
        kept.update({"_user_id": str(user.id), "_fresh": True, TOKEN: secret})
    return client


def form(**typed: object) -> dict[str, object]:
    """A form of the console as a browser sends it: with a key of its own."""
    return {"key": str(uuid7()), **typed}
