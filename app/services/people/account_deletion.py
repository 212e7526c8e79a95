"""The end of an account: what is in the way, 14 days to think again, and back."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import account_standing
from app.services.platform import clock, mail
from models.commerce.order import ORDER, Order
from models.errors import Conflict
from models.people.account_standing import AccountStanding
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation

TO_THINK = timedelta(days=14)
"""A deletion can be taken back for this long."""


def blockers(session: Session, user_id: int) -> list[str]:
    """What has to end before an account can: sentences for its person. Money is held only for orders that are open."""
    open_ = [state for state in ORDER.states if state not in ORDER.terminal]
    mine = sa.select(Membership.organisation_id).where(
        Membership.user_id == user_id, Membership.role == MembershipRole.owner
    )
    sides = sa.or_(Order.buyer_organisation_id.in_(mine), Order.seller_organisation_id.in_(mine))
    orders = session.scalars(sa.select(Order.reference).where(sides, Order.state.in_(open_)).order_by(Order.reference))
    found = [f"Order {reference} is open." for reference in orders]
    others = sa.func.count(Membership.id).filter(Membership.user_id != user_id)
    owners = sa.func.count(Membership.id).filter(Membership.user_id != user_id, Membership.role == MembershipRole.owner)
    alone = (
        sa.select(Organisation.name)
        .join(Membership)
        .where(Organisation.personal.is_(False), Organisation.id.in_(mine))
        .group_by(Organisation.id)
        .having(others > 0, owners == 0)
    )
    return found + [f"{name} has members and no other owner." for name in session.scalars(alone)]


def ask_deletion(session: Session, user: User) -> AccountStanding:
    """In 14 days the account is deleted unless its person says otherwise. Raises Conflict while something is open."""
    row = account_standing.of(session, user.id)
    if row.deletion_asked_at is not None:
        raise Conflict("You asked for this already.")
    if user.roles:
        raise Conflict("An administrator ends the accounts of staff.")
    if found := blockers(session, user.id):
        raise Conflict(f"Your account cannot be deleted yet. {' '.join(found)}")
    row.deletion_asked_at = clock.now()
    row.deletion_due_at = row.deletion_asked_at + TO_THINK
    session.info["verb"] = "account.ask_deletion"
    session.flush()
    words = {"name": user.first_name, "due": row.deletion_due_at, "link": "/account/delete"}
    key = f"account:{user.id}:deletion:{row.deletion_asked_at.isoformat()}"
    mail.post(session, "account_deletion", to=user.email, words=words, key=key, user_id=user.id)
    return row


def cancel_deletion(session: Session, user: User) -> None:
    """The account stays. Raises Conflict when nobody asked."""
    row = account_standing.of(session, user.id)
    if row.deletion_asked_at is None:
        raise Conflict("Nothing was asked for, so there is nothing to take back.")
    row.deletion_asked_at = row.deletion_due_at = None
    session.info["verb"] = "account.cancel_deletion"
    session.flush()
