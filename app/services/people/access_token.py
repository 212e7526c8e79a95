"""Tokens of the API: issued for a password, read with every request, revoked by their holder, in the end forgotten."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.errors import NotFound
from models.people.access_token import AccessToken

PREFIX = "fxn_"
"""So that a secret in a log or a repository is recognised for what it is."""
LIVES_FOR = timedelta(hours=12)
REMEMBERED_FOR = timedelta(days=30)
BATCH = 500


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
