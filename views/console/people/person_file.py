"""Everything a record page of a person shows besides the account itself, each part for whoever may see its screen."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session, joinedload

from app.services.people import access_token, account_history, sign_in
from app.services.platform import clock
from models.commerce.order import Order
from models.people.access_token import AccessToken
from models.people.account_standing import AccountStanding
from models.people.membership import Membership
from models.people.organisation import Organisation
from models.people.sign_in import SignIn
from models.platform.mail_message import MailMessage
from security.permissions import READ
from views.record import names_of

MOST = 10
DID = {
    "person.create": "added the account",
    "account.confirm": "confirmed the e-mail address",
    "account.change_name": "changed the name",
    "account.change_email": "changed the e-mail address",
    "account.change_password": "changed the password",
    "account.ask_deletion": "asked for the account to be deleted",
    "account.cancel_deletion": "took the deletion back",
    "account.suspend": "suspended the account",
    "account.reactivate": "opened the account again",
    "account.resend_confirmation": "sent the confirmation again",
    "account.send_password_link": "sent a password link",
    "account.end_sessions": "ended all sessions",
    "account.end_session": "ended one session",
}


@dataclass(frozen=True)
class Told:
    """A line of the history, in words."""

    who: str
    what: str
    reason: str
    at: Any


@dataclass(frozen=True)
class Seen:
    """A session as staff see it: a coarse place, never the address."""

    row: SignIn
    place: str
    is_open: bool


@dataclass(frozen=True)
class File:
    """What is known of somebody. `orders` and `mails` are None for whoever may not see those screens."""

    standing: AccountStanding | None
    parties: Sequence[Membership]
    sessions: Sequence[Seen]
    tokens: Sequence[AccessToken]
    orders: Sequence[Order] | None
    mails: Sequence[MailMessage] | None
    story: Sequence[Told] = field(default_factory=list)


def put_on(session: Session, rows: Sequence[User]) -> None:
    """On each row: its standing, the names of its organisations, when it was seen last."""
    parties = sa.select(sa.func.array_agg(Organisation.name)).join(Membership).where(Membership.user_id == User.id)
    seen = sa.select(sa.func.max(SignIn.seen_at)).where(SignIn.user_id == User.id)
    query = sa.select(User.id, AccountStanding, parties.scalar_subquery(), seen.scalar_subquery())
    query = query.outerjoin(AccountStanding, AccountStanding.user_id == User.id)
    by_id = {row.id: row for row in rows}
    for ident, held, names, last in session.execute(query.where(User.id.in_(by_id))):
        by_id[ident].__dict__.update(standing=held, organisations=sorted(names or ()), seen=last)


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
        story=_story(session, row),
    )


def neighbourhood(address: str) -> str:
    """Where a session comes from, coarsely: enough to tell one network from another, not enough to find a home."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "an unknown network"
    if found.is_loopback:
        return "this machine"
    wide = ipaddress.ip_network(f"{address}/{24 if found.version == 4 else 48}", strict=False)  # noqa: PLR2004
    return f"network {wide}"


def _orders(session: Session, parties: Sequence[Any]) -> Sequence[Order]:
    if not parties:
        return []
    sides = sa.or_(Order.buyer_organisation_id.in_(parties), Order.seller_organisation_id.in_(parties))
    return session.scalars(sa.select(Order).where(sides).order_by(Order.id.desc()).limit(MOST)).all()


def _mails(session: Session, row: User) -> Sequence[MailMessage]:
    theirs = sa.select(MailMessage).where(MailMessage.user_id == row.id)
    return session.scalars(theirs.order_by(MailMessage.id.desc()).limit(MOST)).all()


def _story(session: Session, row: User) -> list[Told]:
    events = account_history.of(session, row.id)
    names = names_of(session, (one.user_id for one in events))
    return [
        Told(
            names.get(one.user_id or 0) or {"system": "Fixnado"}.get(one.actor, one.actor),
            DID.get(one.verb, "changed the account"),
            one.reason,
            one.at,
        )
        for one in events
    ]
