"""Everything a record page of a person shows besides the account itself, each part for whoever may see its screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session, joinedload

from app.services.people import access_token, account_deletion, sign_in
from app.services.platform import clock
from models.commerce.order import Order
from models.people.access_token import AccessToken
from models.people.account_standing import AccountStanding
from models.people.deletion_request import DeletionRequest
from models.people.membership import Membership
from models.people.organisation import Organisation
from models.people.sign_in import SignIn
from models.platform.mail_message import MailMessage
from security.permissions import READ
from views.console.people.neighbourhood import neighbourhood
from views.console.people.person_standing import LEAVES
from views.console.people.person_story import Told, of_account

MOST = 10


@dataclass(frozen=True)
class Seen:
    """A session as staff see it: a coarse place, never the address."""

    row: SignIn
    place: str
    is_open: bool


@dataclass(frozen=True)
class File:
    """What is known of somebody. `orders`, `mails` and `deletions` are None for whoever may not see those screens."""

    standing: AccountStanding | None
    parties: Sequence[Membership]
    sessions: Sequence[Seen]
    tokens: Sequence[AccessToken]
    orders: Sequence[Order] | None
    mails: Sequence[MailMessage] | None
    deletions: Sequence[DeletionRequest] | None
    story: Sequence[Told] = field(default_factory=list)


def put_on(session: Session, rows: Sequence[User]) -> None:
    """On each row: its standing, the names of its organisations, when it was seen last, whether it is to be deleted."""
    parties = sa.select(sa.func.array_agg(Organisation.name)).join(Membership).where(Membership.user_id == User.id)
    seen = sa.select(sa.func.max(SignIn.seen_at)).where(SignIn.user_id == User.id)
    query = sa.select(User.id, AccountStanding, parties.scalar_subquery(), seen.scalar_subquery(), LEAVES)
    query = query.outerjoin(AccountStanding, AccountStanding.user_id == User.id)
    by_id = {row.id: row for row in rows}
    for ident, held, names, last, going in session.execute(query.where(User.id.in_(by_id))):
        by_id[ident].__dict__.update(standing=held, organisations=sorted(names or ()), seen=last, leaves=going)


def of(session: Session, row: User, *, may: Callable[[str, str], bool]) -> File:
    """The file of one person, for whoever `may` read which screens."""
    now = clock.real()
    parties = sa.select(Membership).where(Membership.user_id == row.id).options(joinedload(Membership.organisation))
    found = session.scalars(parties.order_by(Membership.created_at)).all()
    return File(
        standing=row.__dict__.get("standing"),
        parties=found,
        sessions=[
            Seen(one, neighbourhood(one.address), sign_in.is_open(one, now=now))
            for one in sign_in.list_recent(session, user_id=row.id, most=MOST)
        ],
        tokens=access_token.list_open(session, user_id=row.id, now=now),
        orders=_orders(session, [one.organisation_id for one in found]) if may("Order", READ) else None,
        mails=_mails(session, row) if may("MailMessage", READ) else None,
        deletions=account_deletion.of_person(session, row.id) if may("DeletionRequest", READ) else None,
        story=of_account(session, row),
    )


def _orders(session: Session, parties: Sequence[Any]) -> Sequence[Order]:
    if not parties:
        return []
    sides = sa.or_(Order.buyer_organisation_id.in_(parties), Order.seller_organisation_id.in_(parties))
    return session.scalars(sa.select(Order).where(sides).order_by(Order.id.desc()).limit(MOST)).all()


def _mails(session: Session, row: User) -> Sequence[MailMessage]:
    theirs = sa.select(MailMessage).where(MailMessage.user_id == row.id)
    return session.scalars(theirs.order_by(MailMessage.id.desc()).limit(MOST)).all()
