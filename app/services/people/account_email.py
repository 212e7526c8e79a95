"""From one e-mail address to another: taken with a link sent to the new one, taken back with a link sent to the old."""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import account_link, account_request, account_standing, person
from app.services.platform import clock, mail
from models.people.account_link import AccountLinkPurpose
from models.people.sign_in import SignInEnd

P = AccountLinkPurpose


def take(session: Session, secret: str) -> User:
    """The new address is theirs, and what they sign in with. The old one is told, and can undo it for seven days.

    Raises LinkOver, also when somebody else took the address meanwhile, or when it is too long to sign in with.
    """
    link = account_link.use(session, secret, purpose=P.email)
    user, old = session.get_one(User, link.user_id), ""
    old = user.email
    taken = account_request.of_address(session, link.email) is not None
    if not user.active or taken or len(link.email) > person.LONGEST_ADDRESS:
        raise account_link.LinkOver
    _move(session, user, link.email)
    account_link.retire(session, user_id=user.id, purpose=P.password)
    row = account_standing.of(session, user.id)
    row.confirmed_at = row.confirmed_at or clock.now()
    undo, token = account_link.issue(session, user_id=user.id, purpose=P.undo_email, email=old)
    words = {"name": user.first_name, "email": link.email, "link": f"/account/email/undo?link={token}"}
    mail.post(session, "account_email_changed", to=old, words=words, key=f"account:{undo.id}", user_id=user.id)
    return user


def take_back(session: Session, secret: str) -> str:
    """The old address again. Whoever changed it knows the password, so every session ends and the answer is the secret
    of a link to choose another. Raises LinkOver."""
    link = account_link.use(session, secret, purpose=P.undo_email)
    user = session.get_one(User, link.user_id)
    other = account_request.of_address(session, link.email)
    if not user.active or (other is not None and other.id != user.id):
        raise account_link.LinkOver
    _move(session, user, link.email)
    for purpose in (P.password, P.email):
        account_link.retire(session, user_id=user.id, purpose=purpose)
    account_standing.end_everything(session, user.id, by=SignInEnd.password)
    _, token = account_link.issue(session, user_id=user.id, purpose=P.password, email=link.email)
    return token


def _move(session: Session, user: User, email: str) -> None:
    if user.username == user.email:
        user.username = email
    user.email = email
    session.info["verb"] = "account.change_email"
    session.flush()
