"""Organisations and who acts for them."""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from models.errors import Invalid
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation, OrganisationKind

LONGEST_NAME = 120
LONGEST_SLUG = 100


def create(session: Session, *, owner: User, name: str, kind: OrganisationKind, personal: bool = False) -> Organisation:
    """A new organisation with its first owner; its public address comes from its name. Raises Invalid."""
    if not name.strip():
        raise Invalid("An organisation needs a name.", {"name": "Enter a name."})
    row = Organisation(name=name.strip(), kind=kind, personal=personal, slug=free_slug(session, name))
    session.add(row)
    session.info["verb"] = "organisation.create"
    session.flush()
    add_member(session, row, owner, role=MembershipRole.owner)
    return row


def add_member(session: Session, row: Organisation, user: User, *, role: MembershipRole) -> Membership:
    """Lets somebody act for the organisation. A personal one has its person only. Raises Invalid."""
    taken = sa.select(Membership.id).where(Membership.organisation_id == row.id).limit(1)
    if row.personal and session.scalar(taken) is not None:
        raise Invalid("A personal account belongs to one person.")
    member = Membership(organisation_id=row.id, user_id=user.id, role=role)
    session.add(member)
    session.flush()
    return member


def free_slug(session: Session, name: str) -> str:
    """An address that nobody has yet, made of the name's letters and digits."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-") or "organisation"
    taken = set(session.scalars(sa.select(Organisation.slug).where(Organisation.slug.like(f"{base}%"))))
    return next(slug for slug in _candidates(base) if slug not in taken)


def _candidates(base: str) -> list[str]:
    return [base, *(f"{base}-{number}" for number in range(2, 10_000))]
