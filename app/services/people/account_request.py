"""Sign-up, a forgotten password, another address: asked on a page that says the same to everybody, answered by mail.

The page writes one row and one message, whether there is such an account or not. A job looks who it is, so neither the
words nor the time of an answer tell a stranger whose address is known here.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.outbox import send
from app.services.people import account_link, person
from app.services.platform import clock, mail
from models.people.account_link import AccountLinkPurpose
from models.people.account_request import AccountRequest, AccountRequestKind
from models.people.account_standing import AccountStanding
from models.platform.mail_message import MailMessage
from models.types import uuid7

K, P = AccountRequestKind, AccountLinkPurpose
QUIET = timedelta(minutes=2)
"""Asked again sooner, the first mail counts: nobody fills somebody else's inbox."""
MOST = 5
"""Mails of one kind in a day to one person; beyond it, a link to a new password still goes out when none works."""
WAITS = timedelta(days=7)
"""What could not be answered by then is given up: a stranger's words are kept for no other use."""
BATCH = 500


def sign_up(session: Session, *, email: str, password: str, first_name: str, last_name: str) -> AccountRequest:
    """Asks for an account. The password is hashed now, also for an address that has one. Raises Invalid."""
    return _ask(
        session,
        AccountRequest(
            kind=K.sign_up,
            email=person.address(email),
            first_name=first_name.strip(),
            last_name=last_name.strip(),
            password=person.hashed(password),
        ),
    )


def forgotten_password(session: Session, *, email: str) -> AccountRequest:
    """Asks for a way to choose a new password. Raises Invalid for an address that nobody can have here."""
    return _ask(session, AccountRequest(kind=K.password, email=person.address(email)))


def change_email(session: Session, *, user_id: int, email: str) -> AccountRequest:
    """Asks for another address, which must be confirmed there. Raises Invalid."""
    return _ask(session, AccountRequest(kind=K.email, email=person.address(email), user_id=user_id))


def answer(session: Session, row: AccountRequest) -> None:
    """By mail, and once: the request is gone afterwards. One that no account can come of goes without an answer."""
    session.info["verb"] = f"account_request.{row.kind.name}"
    if _can_be_answered(row):
        {K.sign_up: _sign_up, K.password: _password, K.email: _email}[row.kind](session, row)
    session.delete(row)
    session.flush()


def prune(session: Session) -> int:
    """Deletes a batch of those that were not answered within a week; answers how many."""
    old = sa.select(AccountRequest).where(AccountRequest.created_at < clock.now() - WAITS).limit(BATCH)
    rows = session.scalars(old.with_for_update(skip_locked=True)).all()
    session.info["verb"] = "account_request.prune"
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def of_address(session: Session, email: str) -> User | None:
    """Who signs in with this address."""
    address = _plain(email)
    return session.scalars(sa.select(User).where(sa.or_(User.email == address, User.username == address))).first()


def mail_confirmation(session: Session, user: User) -> None:
    """The link that shows that the address is theirs."""
    row, secret = account_link.issue(session, user_id=user.id, purpose=P.confirm, email=user.email)
    words = {"name": user.first_name, "link": f"/confirm?link={secret}"}
    mail.post(session, "account_confirm", to=user.email, words=words, key=f"account:{row.id}", user_id=user.id)


def _ask(session: Session, row: AccountRequest) -> AccountRequest:
    row.id = uuid7()
    session.add(row)
    session.info["verb"] = "account_request.ask"
    session.flush()
    send(session, "people.account_request.answer", key=f"account:{row.id}", payload={"request_id": str(row.id)})
    return row


def _sign_up(session: Session, row: AccountRequest) -> None:
    """A new account, or a word to whoever has one: what a stranger typed changes nothing of theirs."""
    known = of_address(session, row.email)
    if known is None:
        user = person.add(
            session, email=row.email, hash_=row.password, first_name=row.first_name, last_name=row.last_name
        )
        mail_confirmation(session, user)
    elif may_be_told(session, known):
        mail_password_link(session, known, "account_exists")


def _password(session: Session, row: AccountRequest) -> None:
    known = of_address(session, row.email)
    if known is not None and may_be_told(session, known):
        mail_password_link(session, known, "account_password")


def _email(session: Session, row: AccountRequest) -> None:
    user = session.get_one(User, row.user_id)
    lately = account_link.made_since(session, user_id=user.id, purpose=P.email, within=timedelta(days=1))
    if lately >= MOST or _told_today(session, "account_email_taken", row.email):
        return
    if of_address(session, row.email) is not None:
        key = f"account:{row.id}:taken"
        mail.post(session, "account_email_taken", to=row.email, words={"email": row.email}, key=key)
        return
    account_link.retire(session, user_id=user.id, purpose=P.email)
    link, secret = account_link.issue(session, user_id=user.id, purpose=P.email, email=row.email)
    words = {"name": user.first_name, "email": row.email, "link": f"/account/email/confirm?link={secret}"}
    mail.post(session, "account_email", to=row.email, words=words, key=f"account:{link.id}", user_id=user.id)


def may_be_told(session: Session, user: User) -> bool:
    """Whether a stranger who typed the address has a link to a new password mailed: not twice in two minutes, and after
    five in a day only when none of them works any more. So nobody uses up another person's way back in."""
    if not user.active or told_just_now(session, user):
        return False
    many = account_link.made_since(session, user_id=user.id, purpose=P.password, within=timedelta(days=1))
    if many < MOST:
        return True
    return not user.roles and not account_link.works(session, user_id=user.id, purpose=P.password, email=user.email)


def told_just_now(session: Session, user: User) -> bool:
    """Whether a link to a new password went out in the last two minutes."""
    return account_link.made_since(session, user_id=user.id, purpose=P.password, within=QUIET) > 0


def mail_password_link(session: Session, user: User, template: str) -> None:
    """The link to a new password, in the words of `template`. Staff get no link: their mailbox is not the key to the
    console."""
    row, secret = account_link.issue(session, user_id=user.id, purpose=P.password, email=user.email)
    words = {"name": user.first_name, "link": f"/password/new?link={secret}"}
    if user.roles:
        account_link.retire(session, user_id=user.id, purpose=P.password)
        template, words = "account_staff", {"name": user.first_name}
    mail.post(session, template, to=user.email, words=words, key=f"account:{row.id}", user_id=user.id)


def confirmed(session: Session, user_id: int) -> bool:
    """Whether the address was shown to be theirs; who was added by staff was vouched for."""
    row = session.get(AccountStanding, user_id)
    return row is None or row.confirmed_at is not None


def _told_today(session: Session, template: str, address: str) -> bool:
    """Whether this address had this mail in the last day: once is enough for something its reader did not ask for."""
    since = clock.now() - timedelta(days=1)
    query = sa.select(MailMessage.id).where(MailMessage.to_address == address, MailMessage.created_at > since)
    return session.scalar(query.where(MailMessage.template == template).limit(1)) is not None


def _can_be_answered(row: AccountRequest) -> bool:
    named = row.kind is not K.sign_up or bool(row.first_name.strip() and row.last_name.strip())
    return named and len(row.email) <= person.LONGEST_ADDRESS


def _plain(email: str) -> str:
    return email.strip().lower()
