"""Links in mails: made, looked at as often as somebody likes, used once."""

from __future__ import annotations

import secrets
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people.sign_in import digest
from app.services.platform import clock
from models.errors import NotFound
from models.people.account_link import LIVES_FOR, AccountLink, AccountLinkPurpose
from models.types import uuid7

REMEMBERED_FOR = timedelta(days=30)
BATCH = 500
_L = AccountLink


class LinkOver(NotFound):
    """Used, too old, replaced, or never made: they look the same."""


def issue(session: Session, *, user_id: int, purpose: AccountLinkPurpose, email: str) -> tuple[AccountLink, str]:
    """A new link and its secret, which goes into one mail and is kept nowhere else."""
    secret, now = secrets.token_urlsafe(32), clock.now()
    row = AccountLink(
        id=uuid7(),
        user_id=user_id,
        purpose=purpose,
        email=email,
        token_hash=digest(secret),
        expires_at=now + LIVES_FOR[purpose],
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row, secret


def find(session: Session, secret: str, *, purpose: AccountLinkPurpose, to_use: bool = False) -> AccountLink:
    """The link if it still does something. `to_use` locks it, so that two who press at once are one and one too late.

    Raises LinkOver."""
    query = sa.select(_L).where(_L.token_hash == digest(secret), _L.purpose == purpose)
    row = session.scalar(query.with_for_update() if to_use else query)
    if row is None or row.used_at is not None or row.expires_at <= clock.now():
        raise LinkOver
    return row


def use(session: Session, secret: str, *, purpose: AccountLinkPurpose) -> AccountLink:
    """Takes the link: it and every other one for the same purpose are over. Raises LinkOver."""
    row = find(session, secret, purpose=purpose, to_use=True)
    retire(session, user_id=row.user_id, purpose=purpose)
    return row


def retire(session: Session, *, user_id: int, purpose: AccountLinkPurpose) -> None:
    """Ends every link of a person for this purpose."""
    mine = (_L.user_id == user_id, _L.purpose == purpose, _L.used_at.is_(None))
    for one in session.scalars(sa.select(_L).where(*mine).order_by(_L.id).with_for_update()):
        one.used_at = clock.now()
    session.flush()


def made_since(session: Session, *, user_id: int, purpose: AccountLinkPurpose, within: timedelta) -> int:
    """How many were made lately."""
    mine = (_L.user_id == user_id, _L.purpose == purpose, _L.created_at > clock.now() - within)
    return session.scalar(sa.select(sa.func.count()).select_from(_L).where(*mine)) or 0


def works(session: Session, *, user_id: int, purpose: AccountLinkPurpose, email: str) -> bool:
    """Whether one that was mailed to this address still does something."""
    mine = (_L.user_id == user_id, _L.purpose == purpose, _L.email == email)
    unused = sa.select(_L.id).where(*mine, _L.used_at.is_(None), _L.expires_at > clock.now())
    return session.scalar(unused.limit(1)) is not None


def prune(session: Session) -> int:
    """Deletes a batch of those that ended 30 days ago; answers how many."""
    rows = list(session.scalars(sa.select(_L).where(_L.expires_at < clock.now() - REMEMBERED_FOR).limit(BATCH)))
    session.info["verb"] = "account_link.prune"
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)
