"""What staff do to the account of a customer or provider. Each verb is on the trail with its reason, which lies aside
where it can be erased, and each refusal says why in a sentence.

Colleagues are not looked after here: who works in the console is stopped under Staff, where roles are given. So nobody
suspends themselves, and no administrator is suspended.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app import audit_trail
from app.services.people import access_token, account_link, account_request, account_standing, sign_in
from app.services.platform import clock
from models.actor import Actor
from models.errors import Conflict, NotAllowed, NotFound
from models.people.account_link import AccountLinkPurpose
from models.people.account_standing import AccountStanding
from models.people.sign_in import SignIn, SignInEnd

OWN = "This is your own account. Ask a colleague."
COLLEAGUE = "This is a colleague. An administrator looks after their account under Staff."
CONFIRMED = "Their e-mail address is confirmed already."
ENOUGH_MAILS = "Three mails went out in the last hour. Ask them to look into the spam folder, or try again in an hour."
ENOUGH_LINKS = "A link went out in the last two minutes. It works for an hour."
NOBODY_IN = "Nobody is signed in with this account."


def refusals(session: Session, user: User, *, actor: Actor) -> dict[str, str]:
    """What can be done with the account now: the verb, and the sentence that refuses it (empty: it can be pressed).
    What makes no sense as the account stands is left out."""
    if not_ours := _not_ours(user, actor):
        return {"suspend": not_ours}
    row = session.get(AccountStanding, user.id)
    if row is not None and row.suspended_at is not None:
        return {"reactivate": ""}
    if not user.active:  # the account has ended, or never counted
        return {}
    found = {"send_password_link": ENOUGH_LINKS if account_request.told_just_now(session, user) else ""}
    if row is not None and row.confirmed_at is None:
        found["resend_confirmation"] = ENOUGH_MAILS if _confirmations_are_enough(session, user) else ""
    found["end_sessions"] = "" if _signed_in(session, user) else NOBODY_IN
    return {**found, "suspend": ""}


def suspend(session: Session, user: User, *, actor: Actor, reason: str) -> None:
    """Nobody signs in with it any more; they are mailed the reasons. Raises NotAllowed, Invalid, Conflict."""
    _allow(user, actor)
    account_standing.suspend(session, user, reason=reason)
    _note(session, user, "suspend", reason)


def reactivate(session: Session, user: User, *, actor: Actor, reason: str) -> None:
    """They may sign in again, and are mailed why. Raises NotAllowed, Invalid, Conflict."""
    _allow(user, actor)
    account_standing.reactivate(session, user, reason=reason)
    _note(session, user, "reactivate", reason)


def resend_confirmation(session: Session, user: User, *, actor: Actor) -> None:
    """Another mail with the link that shows that the address is theirs. Raises NotAllowed, Conflict."""
    _allow(user, actor)
    if account_standing.of(session, user.id).confirmed_at is not None:
        raise Conflict(CONFIRMED)
    if _confirmations_are_enough(session, user):
        raise Conflict(ENOUGH_MAILS)
    _is_open(user)
    account_request.mail_confirmation(session, user)
    _note(session, user, "resend_confirmation")


def send_password_link(session: Session, user: User, *, actor: Actor, reason: str) -> None:
    """A link to choose a new password, to their own address; staff never see it. They know whom they help,
    so it does not count how many strangers asked for today. Raises NotAllowed, Conflict."""
    _allow(user, actor)
    _is_open(user)
    account_standing.of(session, user.id)  # locks: two who press at once are one and one too soon
    if account_request.told_just_now(session, user):
        raise Conflict(ENOUGH_LINKS)
    account_request.mail_password_link(session, user, "account_password_help")
    _note(session, user, "send_password_link", reason)


def end_sessions(session: Session, user: User, *, actor: Actor, reason: str) -> None:
    """Every browser and program is out; the password stays. Raises NotAllowed, and Conflict when nobody is in."""
    _allow(user, actor)
    if not _signed_in(session, user):
        raise Conflict(NOBODY_IN)
    account_standing.end_everything(session, user.id, by=SignInEnd.staff)
    _note(session, user, "end_sessions", reason)


def end_session(session: Session, user: User, *, actor: Actor, sign_in_id: UUID) -> None:
    """One browser is out. Raises NotAllowed, NotFound for somebody else's session."""
    _allow(user, actor)
    mine = sa.select(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id)
    row = session.scalar(mine.with_for_update())
    if row is None:
        raise NotFound("There is no such session.")
    sign_in.end(session, row, by=SignInEnd.staff, now=clock.real())
    _note(session, user, "end_session")


def _not_ours(user: User, actor: Actor) -> str:
    if user.id == actor.user_id:
        return OWN
    return COLLEAGUE if user.roles else ""


def _allow(user: User, actor: Actor) -> None:
    if reason := _not_ours(user, actor):
        raise NotAllowed(reason)


def _is_open(user: User) -> None:
    if not user.active:
        raise Conflict("Nobody may sign in with this account.")


def _confirmations_are_enough(session: Session, user: User) -> bool:
    hour = timedelta(hours=1)
    made = account_link.made_since(session, user_id=user.id, purpose=AccountLinkPurpose.confirm, within=hour)
    return made >= account_standing.MOST_CONFIRMATIONS


def _signed_in(session: Session, user: User) -> bool:
    now = clock.real()
    browsers = sign_in.list_open(session, user_id=user.id, now=now)
    return bool(browsers or access_token.list_open(session, user_id=user.id, now=now))


def _note(session: Session, user: User, what: str, reason: str = "") -> None:
    session.info["verb"] = f"account.{what}"
    audit_trail.note(session, "ab_user", str(user.id), {"by_staff": what}, {"reason": reason} if reason else None)
