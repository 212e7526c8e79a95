"""Invitations: sent by an owner, accepted by whoever is signed in with the invited address, once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import membership, organisation, person
from app.services.people.account_link import LinkOver
from app.services.people.sign_in import digest
from app.services.platform import clock, mail
from models.errors import Conflict, NotAllowed, NotFound
from models.people.invitation import LIVES_FOR, Invitation
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation
from models.platform.mail_message import MailMessage
from models.types import uuid7

MOST = 20
"""Open ones of an organisation: it is a way to have us write to strangers."""
MOST_TO_ONE = 2
"""An organisation's invitations to one address in a day, those that were taken back too."""
MOST_MAILS = 5
"""Mails to one address in a day, from whatever organisation, new ones and those sent again."""
ENOUGH = "They had enough invitations for today. Try again tomorrow."
QUIET = timedelta(minutes=10)
_I = Invitation


def invite(session: Session, organisation_id: UUID, *, email: str, role: MembershipRole, user_id: int) -> Invitation:
    """By an owner, by mail. Raises Conflict for somebody who is a member, or was invited and has not answered, Invalid
    for an address that nobody can sign in with."""
    party = membership.owned(session, organisation_id, user_id=user_id)
    address = person.address(email)
    member = sa.select(Membership.id).join(User).where(Membership.organisation_id == party.id, User.email == address)
    if session.scalar(member) is not None:
        raise Conflict("They belong to the organisation already.")
    waiting = list_open(session, organisation_id)
    if any(one.email == address for one in waiting):
        raise Conflict("They were invited already. You can send the invitation again.")
    if len(waiting) >= MOST:
        raise Conflict(f"{MOST} invitations wait for an answer. Take some back first.")
    if _invited_today(session, organisation_id, address) >= MOST_TO_ONE or _has_mail_enough(session, address):
        raise Conflict(ENOUGH)
    _retire_old(session, organisation_id, address)
    now = clock.now()
    row = Invitation(
        id=uuid7(),
        organisation_id=party.id,
        email=address,
        role=role,
        invited_by_id=user_id,
        created_at=now,
    )
    _mail(session, row, name=party.name)
    session.info["verb"] = "invitation.invite"
    session.add(row)
    session.flush()
    return row


def list_open(session: Session, organisation_id: UUID) -> Sequence[Invitation]:
    """Those that can be accepted now, newest first."""
    query = sa.select(_I).where(_I.organisation_id == organisation_id, *_still_open())
    return session.scalars(query.order_by(_I.id.desc())).all()


def resend(session: Session, organisation_id: UUID, *, invitation_id: UUID, user_id: int) -> Invitation:
    """A new link for seven more days, from whoever sends it now; the old one is over. Raises Conflict within ten
    minutes of the last, and when they had mail enough for a day."""
    party = membership.owned(session, organisation_id, user_id=user_id)
    row = _own(session, organisation_id, invitation_id)
    if row.expires_at - LIVES_FOR > clock.now() - QUIET:
        raise Conflict("That was sent a moment ago. Try again in ten minutes.")
    if _has_mail_enough(session, row.email):
        raise Conflict(ENOUGH)
    row.invited_by_id = user_id
    _mail(session, row, name=party.name)
    session.info["verb"] = "invitation.resend"
    session.flush()
    return row


def revoke(session: Session, organisation_id: UUID, *, invitation_id: UUID, user_id: int) -> None:
    """Takes it back: its link is over."""
    membership.owned(session, organisation_id, user_id=user_id)
    row = _own(session, organisation_id, invitation_id)
    row.revoked_at = clock.now()
    session.info["verb"] = "invitation.revoke"
    session.flush()


def find(session: Session, secret: str, *, to_use: bool = False) -> Invitation:
    """The invitation behind a link if it can be accepted. Raises LinkOver."""
    query = sa.select(_I).where(_I.token_hash == digest(secret), *_still_open())
    row = session.scalar(query.with_for_update() if to_use else query)
    if row is None:
        raise LinkOver
    return row


def accept(session: Session, secret: str, *, user: User) -> Invitation:
    """They belong to it. Raises LinkOver, and NotAllowed for an address that was not invited."""
    party = find(session, secret).organisation_id
    session.get(Organisation, party, with_for_update=True)  # before the invitation, as its owners do
    row = find(session, secret, to_use=True)
    if user.email != row.email:
        raise NotAllowed("This invitation is for another address. Sign in with the address it was sent to.")
    if user.roles:
        raise NotAllowed("Staff belong to no organisation.")
    row.accepted_at = clock.now()
    session.info["verb"] = "invitation.accept"
    session.flush()
    mine = (Membership.organisation_id == row.organisation_id, Membership.user_id == user.id)
    if session.scalar(sa.select(Membership.id).where(*mine)) is None:
        organisation.add_member(session, row.organisation, user, role=row.role)
    return row


def _has_mail_enough(session: Session, address: str) -> bool:
    """Whether we wrote to this address for others often enough today."""
    sent = (MailMessage.to_address == address, MailMessage.template == "invitation")
    today = sa.select(sa.func.count()).where(*sent, MailMessage.created_at > clock.now() - timedelta(days=1))
    return (session.scalar(today) or 0) >= MOST_MAILS


def _invited_today(session: Session, organisation_id: UUID, address: str) -> int:
    """How often this address was invited in the last day."""
    these = (
        _I.organisation_id == organisation_id,
        _I.email == address,
        _I.created_at > clock.now() - timedelta(days=1),
    )
    return session.scalar(sa.select(sa.func.count()).select_from(_I).where(*these)) or 0


def _mail(session: Session, row: Invitation, *, name: str) -> None:
    secret = secrets.token_urlsafe(32)
    row.token_hash, row.expires_at = digest(secret), clock.now() + LIVES_FOR
    words = {"organisation": name, "role": row.role.value.lower(), "link": f"/invitation?link={secret}"}
    key = f"invitation:{row.id}:{row.expires_at.isoformat()}"
    mail.post(session, "invitation", to=row.email, words=words, key=key)


def _own(session: Session, organisation_id: UUID, invitation_id: UUID) -> Invitation:
    these = (_I.id == invitation_id, _I.organisation_id == organisation_id, _I.accepted_at.is_(None))
    row = session.scalar(sa.select(_I).where(*these, _I.revoked_at.is_(None)).with_for_update())
    if row is None:
        raise NotFound
    return row


def _retire_old(session: Session, organisation_id: UUID, email: str) -> None:
    """An invitation whose time is over makes room for a new one."""
    these = (_I.organisation_id == organisation_id, _I.email == email)
    for one in session.scalars(sa.select(_I).where(*these, _I.accepted_at.is_(None), _I.revoked_at.is_(None))):
        one.revoked_at = clock.now()
    session.flush()


def _still_open() -> tuple[sa.ColumnElement[bool], ...]:
    """Not while whoever sent it is suspended, or when their account has ended: they let nobody in."""
    sender = sa.exists().where(User.id == _I.invited_by_id, User.active)
    return _I.accepted_at.is_(None), _I.revoked_at.is_(None), _I.expires_at > clock.now(), sender
