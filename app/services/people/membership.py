"""Who acts for an organisation, and as what. Every verb locks the organisation's row first, so that two owners who
leave at once do not leave it without one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session, selectinload

from app.services.platform import clock
from models.errors import Conflict, NotAllowed, NotFound
from models.people.invitation import Invitation
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation

LAST_OWNER = "An organisation needs an owner who can sign in. Make somebody else an owner first."


def owned(session: Session, organisation_id: UUID, *, user_id: int) -> Organisation:
    """The organisation, locked, for one of its owners. Raises NotFound for whoever does not belong to it, NotAllowed
    for a member or for a personal one."""
    row = session.get(Organisation, organisation_id, with_for_update=True)
    mine = _of(session, organisation_id, user_id) if row is not None else None
    if row is None or mine is None:
        raise NotFound
    if row.personal:
        raise NotAllowed("A personal account belongs to one person.")
    if mine.role is not MembershipRole.owner:
        raise NotAllowed("Only an owner can do this.")
    return row


def lock_all_of(session: Session, user_id: int) -> None:
    """Locks whatever they belong to, always in the same order."""
    mine = sa.select(Membership.organisation_id).where(Membership.user_id == user_id)
    these = sa.select(Organisation.id).where(Organisation.id.in_(mine))
    session.execute(these.order_by(Organisation.id).with_for_update())


def belongs(session: Session, user_id: int, organisation_id: UUID) -> bool:
    """Whether this person acts for it, whoever they act for now: nobody deals with themselves in another name."""
    return _of(session, organisation_id, user_id) is not None


def list_members(session: Session, organisation_id: UUID) -> Sequence[Membership]:
    """Owners first."""
    query = sa.select(Membership).where(Membership.organisation_id == organisation_id)
    order = (Membership.role != MembershipRole.owner, Membership.created_at)
    return session.scalars(query.options(selectinload(Membership.user)).order_by(*order)).all()


def change_role(
    session: Session, organisation_id: UUID, *, member_id: UUID, role: MembershipRole, user_id: int
) -> None:
    """By an owner. Raises Conflict for the last owner."""
    owned(session, organisation_id, user_id=user_id)
    row = _member(session, organisation_id, member_id)
    if role is not MembershipRole.owner:
        _not_the_last_owner(session, row)
        _take_their_invitations_back(session, row)
    row.role = role
    session.info["verb"] = "membership.change_role"
    session.flush()


def remove(session: Session, organisation_id: UUID, *, member_id: UUID, user_id: int) -> str:
    """By an owner; answers whom. What they did stays theirs. Raises Conflict for the last owner."""
    owned(session, organisation_id, user_id=user_id)
    row = _member(session, organisation_id, member_id)
    _not_the_last_owner(session, row)
    name = str(row.user.get_full_name())
    session.info["verb"] = "membership.remove"
    _take_their_invitations_back(session, row)
    session.delete(row)
    session.flush()
    return name


def leave(session: Session, organisation_id: UUID, *, user_id: int) -> str:
    """By oneself; answers what was left. Raises Conflict for the last owner, NotFound for a stranger."""
    organisation = session.get(Organisation, organisation_id, with_for_update=True)
    row = _of(session, organisation_id, user_id)
    if organisation is None or row is None:
        raise NotFound
    if organisation.personal:
        raise NotAllowed("A personal account ends with the account.")
    _not_the_last_owner(session, row)
    session.info["verb"] = "membership.leave"
    _take_their_invitations_back(session, row)
    session.delete(row)
    session.flush()
    return organisation.name


def _of(session: Session, organisation_id: UUID, user_id: int) -> Membership | None:
    mine = (Membership.organisation_id == organisation_id, Membership.user_id == user_id)
    return session.scalar(sa.select(Membership).where(*mine).execution_options(populate_existing=True))


def _member(session: Session, organisation_id: UUID, member_id: UUID) -> Membership:
    these = (Membership.organisation_id == organisation_id, Membership.id == member_id)
    row = session.scalar(sa.select(Membership).where(*these).execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


def _take_their_invitations_back(session: Session, row: Membership) -> None:
    """Who decides nothing here any more lets nobody in."""
    sent = (Invitation.organisation_id == row.organisation_id, Invitation.invited_by_id == row.user_id)
    waiting = sa.select(Invitation).where(*sent, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
    for one in session.scalars(waiting.order_by(Invitation.id).with_for_update()):
        one.revoked_at = clock.now()
    session.flush()


def _not_the_last_owner(session: Session, row: Membership) -> None:
    """Who is suspended decides nothing: they are no owner to leave it to."""
    owners = (
        User.active,
        Membership.organisation_id == row.organisation_id,
        Membership.role == MembershipRole.owner,
        Membership.id != row.id,
    )
    others = sa.select(Membership.id).join(User, User.id == Membership.user_id).where(*owners).limit(1)
    if row.role is MembershipRole.owner and session.scalar(others) is None:
        raise Conflict(LAST_OWNER)
