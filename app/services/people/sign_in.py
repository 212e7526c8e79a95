"""Sessions: begun with a password, read with every request, ended by their person, by staff or with the password."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import browser
from app.services.platform import clock, mail
from models.errors import NotFound
from models.people.sign_in import SignIn, SignInEnd

LIVES_FOR = timedelta(hours=8)
"""Without use. The cookie is renewed with each answer and lives as long."""
COARSE = timedelta(minutes=5)
"""`seen_at` is written at most this often."""
REMEMBERED_FOR = timedelta(days=90)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a request says about where it comes from. `device` is the browser's long-lived random name."""

    device: str
    user_agent: str
    address: str


def begin(session: Session, *, user_id: int, stamp: str, visitor: Visitor, now: datetime) -> tuple[SignIn, str]:
    """A new session and its secret, which only the cookie holds. `now` is real time (UTC): a rehearsal's clock signs
    nobody out."""
    secret = secrets.token_urlsafe(32)
    row = SignIn(
        user_id=user_id,
        token_hash=digest(secret),
        stamp=stamp,
        device_hash=digest(visitor.device),
        browser=browser.summary(visitor.user_agent),
        address=visitor.address,
        created_at=now,
        seen_at=now,
    )
    session.info["verb"] = "sign_in.begin"
    session.add(row)
    session.flush()
    return row, secret


def of_secret(session: Session, secret: str, *, now: datetime) -> tuple[SignIn, User] | None:
    """The session and its person if it still counts, in one statement. The caller compares the stamp."""
    query = (
        sa.select(SignIn, User)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.token_hash == digest(secret), SignIn.ended_at.is_(None))
    )
    found = session.execute(query).first()
    if found is None or found[0].seen_at + LIVES_FOR + COARSE <= now or not found[1].is_active:
        return None
    return found[0], found[1]


def counts(row: SignIn, stamp: str) -> bool:
    """Whether the account is still as it was at sign-in."""
    return hmac.compare_digest(row.stamp, stamp)


def touch(session: Session, row: SignIn, *, now: datetime) -> None:
    """Seen just now. One statement past the session: it is no change that anybody audits."""
    session.execute(sa.update(SignIn).where(SignIn.id == row.id).values(seen_at=now))


def list_open(session: Session, *, user_id: int, now: datetime) -> Sequence[SignIn]:
    """The sessions that count now, the one used last first."""
    return session.scalars(_open(user_id, now).order_by(SignIn.seen_at.desc(), SignIn.id.desc())).all()


def list_recent(session: Session, *, user_id: int, most: int) -> Sequence[SignIn]:
    """Sessions that count and those that ended, the one used last first."""
    mine = sa.select(SignIn).where(SignIn.user_id == user_id)
    return session.scalars(mine.order_by(SignIn.seen_at.desc(), SignIn.id.desc()).limit(most)).all()


def is_open(row: SignIn, *, now: datetime) -> bool:
    """Whether it counts now, as far as the row knows."""
    return row.ended_at is None and row.seen_at > now - LIVES_FOR - COARSE


def end(session: Session, row: SignIn, *, by: SignInEnd, now: datetime) -> None:
    """From now on the cookie opens nothing, wherever it was copied to."""
    session.info["verb"] = "sign_in.end"
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, by
    session.flush()


def act_for(session: Session, *, sign_in_id: UUID, organisation_id: UUID | None) -> None:
    """Whom the person in this browser acts for; None lets us guess. Who calls has checked that they belong to it."""
    session.info["verb"] = "sign_in.act_for"
    session.get_one(SignIn, sign_in_id).acting_for_id = organisation_id
    session.flush()


def end_own(session: Session, *, sign_in_id: UUID, user_id: int, now: datetime) -> SignIn:
    """Ends one of one's own. Raises NotFound for somebody else's."""
    row = session.scalar(sa.select(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user_id).with_for_update())
    if row is None:
        raise NotFound
    end(session, row, by=SignInEnd.revoked, now=now)
    return row


def end_all(
    session: Session, *, user_id: int, by: SignInEnd, now: datetime, keeping: SignIn | None = None
) -> Sequence[SignIn]:
    """Ends every session of a person but the one they sit at; answers those that it ended."""
    rows = session.scalars(_open(user_id, now).order_by(SignIn.id).with_for_update()).all()
    ended = [row for row in rows if keeping is None or row.id != keeping.id]
    for row in ended:
        end(session, row, by=by, now=now)
    return ended


def is_new_device(session: Session, *, user_id: int, device: str) -> bool:
    """Whether this person signed in before, and never in this browser (as far as is remembered: 90 days)."""
    theirs = sa.select(SignIn.device_hash).where(SignIn.user_id == user_id)
    here = sa.exists(theirs.where(SignIn.device_hash == digest(device)))
    return bool(session.scalar(sa.select(sa.and_(sa.exists(theirs), ~here))))


def warn_of_new_device(session: Session, *, user: User, visitor: Visitor) -> None:
    """A mail about a browser that was never seen for this person; once for each browser."""
    words = {
        "name": user.first_name,
        "browser": browser.summary(visitor.user_agent),
        "at": clock.now(),
        "address": visitor.address or "an unknown address",
        "link": "/account/security",
    }
    key = f"sign_in:{user.id}:{digest(visitor.device).hex()}"
    mail.post(session, "account_new_device", to=user.email, words=words, key=key, user_id=user.id)


def knows_device(session: Session, *, name: str, device: str) -> bool:
    """Whether somebody who signs in under this name did so in this browser: the same statement for every name."""
    known = (
        sa.select(SignIn.id)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.device_hash == digest(device), sa.or_(User.email == name, User.username == name))
    )
    return bool(session.scalar(sa.select(sa.exists(known))))


def note_failure(session: Session, *, name: str) -> None:
    """Counts a wrong password: the same statement whether there is such an account or not."""
    mine = sa.or_(User.username == name, User.email == name.lower())
    failures = sa.func.coalesce(User.fail_login_count, 0) + 1
    session.execute(
        sa.update(User).where(mine).values(fail_login_count=failures), execution_options={"synchronize_session": False}
    )


def prune(session: Session, *, now: datetime) -> int:
    """Deletes a batch of those that were not used for 90 days; answers how many."""
    rows = list(session.scalars(sa.select(SignIn).where(SignIn.seen_at < now - REMEMBERED_FOR).limit(BATCH)))
    session.info["verb"] = "sign_in.prune"
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def digest(secret: str) -> bytes:
    """256 random bits need no slow hash; looking them up by hash leaks no timing."""
    return hashlib.sha256(secret.encode()).digest()


def _open(user_id: int, now: datetime) -> sa.Select[SignIn]:
    return sa.select(SignIn).where(
        SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.seen_at > now - LIVES_FOR - COARSE
    )
