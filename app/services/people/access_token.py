"""Tokens of the API: issued for a password, read with every request, revoked by their holder, in the end forgotten.

A program keeps no cookie that would name it, so it is known by what it calls itself and the network it calls from, and
remembered by the mail that told of it: no such mail lately means that one is sent."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people.sign_in import Visitor
from app.services.platform import clock, mail
from models.errors import NotFound
from models.people.access_token import AccessToken
from models.platform.mail_message import MailMessage

PREFIX = "fxn_"
"""So that a secret in a log or a repository is recognised for what it is."""
LIVES_FOR = timedelta(hours=12)
REMEMBERED_FOR = timedelta(days=30)
KNOWN_FOR = timedelta(days=90)
"""As long as a browser is remembered (sign_in.REMEMBERED_FOR); counted from the mail."""
WARNING = "account_new_token"
BATCH = 500
_VERSION = re.compile(r"[\d.]+")
_NO_NAME = re.compile(r"[^\w -]+")
"""What no name of a program needs, and an address that somebody should click does."""


def issue(session: Session, *, user_id: int, stamp: str, label: str, now: datetime) -> tuple[AccessToken, str]:
    """A new token and its secret, which is shown this once. `now` is real time (UTC), as for everything here: a
    rehearsal's clock signs nobody out."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken(
        user_id=user_id,
        token_hash=_digest(secret),
        stamp=stamp,
        label=label,
        expires_at=now + LIVES_FOR,
        created_at=now,
    )
    session.info["verb"] = "access_token.issue"
    session.add(row)
    session.flush()
    return row, secret


def warn_of_new_program(session: Session, row: AccessToken, *, user: User, visitor: Visitor, now: datetime) -> None:
    """A mail about a token that went to a program, or a network, not told of for 90 days, or not since the password
    changed. Unsure is new: two at once are two mails."""
    known = f"access_token:{user.id}:{_program(row, visitor)}:"
    told = sa.exists().where(
        MailMessage.user_id == user.id,
        MailMessage.key.startswith(known, autoescape=True),
        MailMessage.created_at > now - KNOWN_FOR,
    )
    if session.scalar(sa.select(told)):
        return
    words = {
        "name": user.first_name,
        "program": " ".join(_NO_NAME.sub(" ", row.label).split()),
        "at": clock.now(),
        "address": visitor.address or "an unknown address",
        "link": "/account/security",
    }
    mail.post(session, WARNING, to=user.email, words=words, key=f"{known}{row.id}", user_id=user.id)


def of_secret(session: Session, secret: str, *, now: datetime) -> AccessToken | None:
    """The token if it still counts. 256 random bits need no slow hash; looking them up by hash leaks no timing."""
    found = session.scalars(sa.select(AccessToken).where(AccessToken.token_hash == _digest(secret))).first()
    if found is None or found.revoked_at is not None or found.expires_at <= now:
        return None
    return found


def revoke(session: Session, row: AccessToken, *, now: datetime) -> None:
    """From now on it opens nothing."""
    session.info["verb"] = "access_token.revoke"
    row.revoked_at = row.revoked_at or now
    session.flush()


def list_open(session: Session, *, user_id: int, now: datetime) -> Sequence[AccessToken]:
    """The tokens that count now, newest first."""
    mine = (AccessToken.user_id == user_id, AccessToken.revoked_at.is_(None), AccessToken.expires_at > now)
    return session.scalars(sa.select(AccessToken).where(*mine).order_by(AccessToken.id.desc())).all()


def revoke_own(session: Session, *, token_id: UUID, user_id: int, now: datetime) -> None:
    """Ends one of one's own. Raises NotFound for somebody else's."""
    row = session.scalar(sa.select(AccessToken).where(AccessToken.id == token_id, AccessToken.user_id == user_id))
    if row is None:
        raise NotFound
    revoke(session, row, now=now)


def prune(session: Session, *, now: datetime) -> int:
    """Deletes a batch of those that ended 30 days ago; answers how many."""
    old = sa.select(AccessToken).where(AccessToken.expires_at < now - REMEMBERED_FOR).limit(BATCH)
    rows = list(session.scalars(old))
    session.info["verb"] = "access_token.prune"
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _program(row: AccessToken, visitor: Visitor) -> str:
    """Which program this is, as far as can be told: not readable, and another one after a change of the password."""
    said = (row.stamp, row.label, _VERSION.sub("", visitor.user_agent), _network(visitor.address))
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:32]


def _network(address: str) -> str:
    """An IPv6 connection changes the second half of its address by itself; an IPv4 one is its address."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    return read.exploded[:19] if isinstance(read, IPv6Address) and read.ipv4_mapped is None else address
