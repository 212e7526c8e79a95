"""News for people: one row per person and key, a mail where they want one, never twice.

`tell` is called in the transaction of what happened. What must be told (`may_be_switched_off=False`) goes out at once;
the rest waits for the end of somebody's quiet hours, or is gathered for their digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.services.platform import clock, mail, notification_event, unsubscribe
from app.services.platform.notification_event import Channel, Event
from app.services.platform.notification_hours import digest_slot, next_open
from app.services.platform.notification_preference import wants
from models.people.membership import Membership
from models.platform.notification import Notification
from models.platform.notification_preference import Digest, NotificationPreference
from models.types import uuid7
from reports.layout.formats import money
from reports.mail.moments import deadline

N, P = Notification, NotificationPreference
PAGE = 30
TEMPLATE, DIGEST = "notification", "digest"
_LONGEST_LINE, _LONGEST_WORD, _MOST_IN_A_DIGEST = 250, 500, 50


class Reasons(str):
    """Why we decided about somebody, as staff wrote it: told whole and in its paragraphs (DSA art. 17, P2B art. 4)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of somebody's news, newest first; `after` is where the next one begins, None at the end."""

    rows: Sequence[Notification]
    after: UUID | None


def tell(session: Session, event: str, *, to: int | UUID, words: Mapping[str, Any], link: str, key: str) -> None:
    """Tells one person (a user's id) or everybody of an organisation (its id), once per `key`.

    `link` is a path of this site. Words are text; a moment is written on the business's clock with its zone, a pair
    (minor units, currency) as money. Who may not sign in is not told.
    """
    if not link.startswith("/") or link.startswith("//"):
        raise ValueError(f"{link!r} is no path of this site")
    kind = notification_event.event(event)
    spoken = {name: _spoken(value) for name, value in words.items()}
    line = " ".join((kind.line or kind.title).format_map(spoken).split())[:_LONGEST_LINE]
    text = kind.text.format_map(spoken)
    for user_id, address, preference in _people(session, to):
        _tell_one(session, kind, user_id, address, preference, line=line, text=text, link=link, key=key)


def unread_count(session: Session, user_id: int) -> int:
    """How many lines somebody has not read."""
    mine = sa.select(sa.func.count()).where(N.user_id == user_id, N.shown, N.read_at.is_(None))
    return session.scalar(mine) or 0


def page(session: Session, user_id: int, *, after: UUID | None = None) -> Page:
    """Their news, newest first, PAGE at a time, beyond `after`."""
    mine = sa.select(N).where(N.user_id == user_id, N.shown)
    if after is not None:
        mine = mine.where(N.id < after)
    rows = session.scalars(mine.order_by(N.id.desc()).limit(PAGE + 1)).all()
    return Page(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def opened(session: Session, user_id: int, notification_id: UUID) -> str | None:
    """Marks one of theirs as read and answers its link; None when it is nobody's or another's."""
    marked = (
        sa.update(N)
        .where(N.id == notification_id, N.user_id == user_id)
        .values(read_at=sa.func.coalesce(N.read_at, clock.real()))
        .returning(N.link)
    )
    return session.scalar(marked)


def mark_read(session: Session, user_id: int, *, until: UUID | None = None) -> None:
    """All of theirs up to the newest one they saw (`until`; without it, all): what came meanwhile stays unread."""
    unread = sa.update(N).where(N.user_id == user_id, N.shown, N.read_at.is_(None))
    if until is not None:
        unread = unread.where(N.id <= until)
    session.execute(unread.values(read_at=clock.real()))


def due_digests(session: Session) -> list[int]:
    """Who has news gathered and a digest due now."""
    waiting = sa.exists().where(N.user_id == P.user_id, N.digest, N.mailed_at.is_(None))
    rows = session.scalars(sa.select(P).where(waiting))
    return [row.user_id for row in rows if _digest_is_due(row)]


def send_digest(session: Session, user_id: int) -> bool:
    """One mail with everything gathered; False when there is nothing to send (any more). Twice in a slot is once."""
    row = session.get(P, user_id, with_for_update=True, populate_existing=True)
    if row is None or not _digest_is_due(row):
        return False
    mine = sa.select(N).where(N.user_id == user_id, N.digest, N.mailed_at.is_(None)).order_by(N.id)
    gathered = session.scalars(mine.with_for_update()).all()
    address = session.scalar(sa.select(User.email).where(User.id == user_id, User.active))
    now = clock.now()
    if gathered and address:
        listed = [f"{one.line}\n{mail.sender().site}{one.link}" for one in gathered[:_MOST_IN_A_DIGEST]]
        mail.post(
            session,
            DIGEST,
            to=address,
            words={"count": len(gathered), "items": listed, "more": max(0, len(gathered) - _MOST_IN_A_DIGEST)},
            key=f"digest:{user_id}:{gathered[-1].id}",
            user_id=user_id,
            unsubscribe_url=unsubscribe.address(user_id, unsubscribe.EVERY_GROUP),
        )
    done = sa.update(N).where(N.id.in_([one.id for one in gathered]))
    session.execute(done.values(mailed_at=clock.real()))
    row.last_digest_at = now
    session.flush()
    return bool(gathered and address)


def _digest_is_due(row: NotificationPreference) -> bool:
    """Nothing gathered waits for a digest that was switched off meanwhile: it goes out with the next look."""
    if row.digest is Digest.off:
        return True
    slot = digest_slot(clock.now(), row.zone, weekly=row.digest is Digest.weekly)
    return row.last_digest_at is None or row.last_digest_at < slot


def _people(session: Session, to: int | UUID) -> list[tuple[int, str, NotificationPreference | None]]:
    """In one statement: whoever it is for, their address, what they prefer."""
    chosen = sa.select(User.id, User.email, P).outerjoin(P, P.user_id == User.id).where(User.active).order_by(User.id)
    if isinstance(to, UUID):
        members = sa.select(Membership.user_id).where(Membership.organisation_id == to)
        chosen = chosen.where(User.id.in_(members))
    else:
        chosen = chosen.where(User.id == to)
    return [(ident, email, preference) for ident, email, preference in session.execute(chosen)]


def _tell_one(
    session: Session,
    kind: Event,
    user_id: int,
    address: str,
    preference: NotificationPreference | None,
    *,
    line: str,
    text: str,
    link: str,
    key: str,
) -> None:
    shown, by_mail = (wants(preference, kind, channel) for channel in (Channel.in_app, Channel.mail))
    may_wait = kind.may_be_switched_off and preference is not None
    gathered = by_mail and may_wait and preference is not None and preference.digest is not Digest.off
    at_once = by_mail and not gathered and not kind.only_in_a_digest
    if not (shown or gathered or at_once):
        return
    values = {"user_id": user_id, "event": kind.code, "key": key, "line": line, "text": text, "link": link}
    marks = {"shown": shown, "digest": gathered, "told_at": clock.now(), "mailed_at": clock.real() if at_once else None}
    added = insert(N).values(id=uuid7(), created_at=clock.real(), **values, **marks)
    made = session.scalar(added.on_conflict_do_nothing(index_elements=["user_id", "key"]).returning(N.id))
    if made is None or not at_once:
        return
    mail.post(
        session,
        TEMPLATE,
        to=address,
        words={"line": line, "text": text, "action": kind.action, "link": link, "why": _why(kind)},
        key=f"notification:{made}",
        user_id=user_id,
        unsubscribe_url=unsubscribe.address(user_id, kind.group) if kind.may_be_switched_off else "",
        not_before=_not_before(preference) if may_wait else None,
    )


def _not_before(preference: NotificationPreference | None) -> datetime | None:
    """The end of their quiet hours on the machinery's own clock."""
    if preference is None:
        return None
    now = clock.now()
    end = next_open(now, preference.quiet_from, preference.quiet_to, preference.zone)
    return clock.real() + (end - now) if end else None


def _why(kind: Event) -> str:
    if kind.may_be_switched_off:
        return (
            f"You get this because you hear from us by mail about: {notification_event.GROUPS[kind.group][0].lower()}."
        )
    return "You get this because it is about money, a deadline or your account. Such mails cannot be switched off."


def _spoken(value: Any) -> str:
    if isinstance(value, datetime):
        return deadline(value, mail.sender().zone)
    if isinstance(value, tuple):
        return money(*value)
    if value is None:
        raise ValueError("a word is missing")
    if isinstance(value, Reasons):
        return value.strip()
    return " ".join(str(value).split())[:_LONGEST_WORD]  # what somebody typed makes no paragraph of ours
