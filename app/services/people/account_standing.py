"""What happens to an account: its address is confirmed, its password changes, it is suspended, it ends."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from app.services.people import access_token, account_link, account_request, person, sign_in
from app.services.platform import clock, mail
from models.errors import Conflict, Invalid
from models.people.account_link import AccountLinkPurpose
from models.people.account_standing import AccountStanding
from models.people.membership import Membership
from models.people.organisation import Organisation
from models.people.sign_in import SignIn, SignInEnd

P = AccountLinkPurpose
MOST_CONFIRMATIONS = 3
"""Mails in an hour to an address that was not confirmed."""
WRONG = "This is not your present password."
ENDED = "This account was deleted."


def of(session: Session, user_id: int) -> AccountStanding:
    """The person's row, locked. Staff who were added in the console get one with their first change."""
    row = session.get(AccountStanding, user_id, with_for_update=True)
    if row is None:
        row = AccountStanding(user_id=user_id, confirmed_at=clock.now())
        session.add(row)
        session.flush()
    return row


def resend_confirmation(session: Session, user: User) -> None:
    """Another mail. Raises Conflict when it was confirmed meanwhile, or asked for three times within an hour."""
    if of(session, user.id).confirmed_at is not None:
        raise Conflict("Your e-mail address is confirmed already.")
    made = account_link.made_since(session, user_id=user.id, purpose=P.confirm, within=timedelta(hours=1))
    if made >= MOST_CONFIRMATIONS:
        raise Conflict("Three mails went out in the last hour. Look into the spam folder, or try again in an hour.")
    account_request.mail_confirmation(session, user)


def confirm(session: Session, secret: str) -> User:
    """The address is theirs. Raises LinkOver, also when the address changed since."""
    link = account_link.use(session, secret, purpose=P.confirm)
    user = session.get_one(User, link.user_id)
    if user.email != link.email or not user.active:
        raise account_link.LinkOver
    session.info["verb"] = "account.confirm"
    row = of(session, user.id)
    row.confirmed_at = row.confirmed_at or clock.now()
    session.flush()
    return user


def prove(user: User, password: str, *, field: str = "current") -> None:
    """Raises Invalid unless this is the person's password."""
    if not check_password_hash(user.password, password):
        raise Invalid(WRONG, {field: WRONG})


def change_name(session: Session, user: User, *, first_name: str, last_name: str) -> None:
    """How they are called; a private customer's own organisation is called alike."""
    user.first_name, user.last_name = first_name.strip(), last_name.strip()
    session.info["verb"] = "account.change_name"
    mine = sa.select(Organisation).join(Membership).where(Membership.user_id == user.id, Organisation.personal)
    for own in session.scalars(mine):
        own.name = person.name_of_their_own(user)
    session.flush()


def change_password(session: Session, user: User, *, password: str, keeping: SignIn | None) -> None:
    """By its owner, who stays signed in where they sit; everywhere else is over."""
    _set_password(session, user, password, keeping=keeping)


def reset_password(session: Session, secret: str, *, password: str) -> User:
    """With a link that was mailed: it also shows that the address is theirs. Ends every session and every other link
    that opens the account. Raises LinkOver."""
    link = account_link.use(session, secret, purpose=P.password)
    user = session.get_one(User, link.user_id)
    if user.email != link.email or not user.active or user.roles:
        raise account_link.LinkOver
    row = of(session, user.id)
    row.confirmed_at = row.confirmed_at or clock.now()
    _set_password(session, user, password, keeping=None)
    return user


def _set_password(session: Session, user: User, password: str, *, keeping: SignIn | None) -> None:
    user.password = person.hashed(password)
    session.info["verb"] = "account.change_password"
    session.flush()
    for purpose in (P.password, P.email):
        account_link.retire(session, user_id=user.id, purpose=purpose)
    end_everything(session, user.id, by=SignInEnd.password, keeping=keeping)
    words = {"name": user.first_name, "at": clock.now(), "link": "/password"}
    key = f"account:{user.id}:password:{clock.now().isoformat()}"
    mail.post(session, "account_password_changed", to=user.email, words=words, key=key, user_id=user.id)


def end_everything(session: Session, user_id: int, *, by: SignInEnd, keeping: SignIn | None = None) -> None:
    """Every session and every token, but the session somebody sits in."""
    now = clock.real()
    sign_in.end_all(session, user_id=user_id, by=by, now=now, keeping=keeping)
    for token in access_token.list_open(session, user_id=user_id, now=now):
        access_token.revoke(session, token, now=now)


def suspend(session: Session, user: User, *, reason: str) -> None:
    """Nobody signs in with it any more, and whoever is signed in is out. They are told the reasons by mail (DSA art.
    17); the sign-in page says to everybody that name and password do not fit, so that nobody learns who is suspended.

    Raises Invalid without reasons, Conflict for an account that is suspended already or was deleted.
    """
    if not reason.strip():
        raise Invalid("Say why: they are told the reasons.", {"reason": "Enter the reasons."})
    row = _still_there(session, user)
    if row.suspended_at is not None:
        raise Conflict("This account is suspended already.")
    row.suspended_at, row.suspension_reason = clock.now(), reason.strip()
    user.active = False
    session.info["verb"] = "account.suspend"
    session.flush()
    end_everything(session, user.id, by=SignInEnd.account)
    words = {"name": user.first_name, "reason": reason.strip()}
    key = f"account:{user.id}:suspended:{row.suspended_at.isoformat()}"
    mail.post(session, "account_suspended", to=user.email, words=words, key=key, user_id=user.id)


def _still_there(session: Session, user: User) -> AccountStanding:
    """The row, locked. What was deleted stays deleted, whatever an old page in a browser offers."""
    row = of(session, user.id)
    if row.closed_at is not None:
        raise Conflict(ENDED)
    return row


def suspended_among(session: Session, user_ids: Collection[int]) -> set[int]:
    """Which of these people are suspended. One statement."""
    theirs = sa.select(AccountStanding.user_id).where(AccountStanding.suspended_at.is_not(None))
    return set(session.scalars(theirs.where(AccountStanding.user_id.in_(user_ids)))) if user_ids else set()


def reactivate(session: Session, user: User, *, reason: str) -> None:
    """They may sign in again. Raises Invalid without reasons, Conflict for one that is not suspended or was deleted."""
    if not reason.strip():
        raise Invalid("Say why.", {"reason": "Enter the reasons."})
    row = _still_there(session, user)
    if row.suspended_at is None:
        raise Conflict("This account is not suspended.")
    began = row.suspended_at
    row.suspended_at, row.suspension_reason = None, ""
    user.active = True
    session.info["verb"] = "account.reactivate"
    session.flush()
    key = f"account:{user.id}:reactivated:{began.isoformat()}"
    mail.post(
        session,
        "account_reactivated",
        to=user.email,
        words={"name": user.first_name, "reason": reason.strip(), "link": "/sign-in"},
        key=key,
        user_id=user.id,
    )
