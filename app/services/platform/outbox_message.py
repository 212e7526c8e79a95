"""The life of an outbox message after it was written: claimed by the dispatcher, done, failed, dead, revived.

A message may be handed to the queue more than once. Each handing-out has a number (`sends`); only the holder of the
newest number may finish the message, so that its effect is kept once whatever the queue does. Its times are real ones,
whatever the clock of the verbs says: they are the machinery's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.platform import clock
from models.actor import Actor
from models.errors import Conflict
from models.platform.outbox_message import MAX_ATTEMPTS, OutboxMessage
from models.types import utc_now

LEASE = timedelta(seconds=30)
"""A message that was handed out and not confirmed within this time is handed out again."""
LOST_AFTER = timedelta(seconds=2)
"""After this the dispatcher asks the queue whether it still knows the message."""
BATCH = 5000
BACKOFF = (1, 5, 15, 60, 300, 900, 3600)
M = OutboxMessage


class Superseded(Exception):  # noqa: N818
    """A newer copy of this message was handed out; this one must not finish."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One handing-out of a message: what the queue carries."""

    id: int
    number: int
    job: str
    queue: str


def to_send(session: Session, limit: int = 100) -> list[OutboxMessage]:
    """Messages due now, locked for this transaction: never handed out, or handed out longer ago than the lease."""
    now = utc_now()
    open_ = (M.done_at.is_(None), M.dead_at.is_(None), M.not_before <= clock.real())
    due = sa.or_(M.sent_at.is_(None), M.sent_at < now - LEASE)
    query = sa.select(M).where(*open_, due).order_by(M.id).limit(limit)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def perhaps_lost(session: Session, limit: int = 100) -> list[OutboxMessage]:
    """Messages handed out a moment ago and not confirmed: the queue may have forgotten them."""
    sent = (M.done_at.is_(None), M.dead_at.is_(None), M.sent_at < utc_now() - LOST_AFTER)
    query = sa.select(M).where(*sent).order_by(M.id).limit(limit)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def hand_out(message: OutboxMessage) -> Claim:
    """Numbers this handing-out and starts its lease."""
    message.sends += 1
    message.sent_at = utc_now()
    return Claim(message.id, message.sends, message.job, message.queue)


def lease_again(message: OutboxMessage) -> None:
    """The queue has it and nobody took it yet: the lease of the same handing-out begins anew."""
    message.sent_at = utc_now()


def take(session: Session, message_id: int, number: int) -> OutboxMessage | None:
    """The message, with a fresh lease, if this copy is the newest and the message is still open; else None."""
    message = session.get(M, message_id, with_for_update=True, populate_existing=True)  # not as this job read it before
    if message is None or message.done_at or message.dead_at or message.sends != number:
        return None
    message.sent_at = utc_now()
    return message


def finish(session: Session, message_id: int, number: int) -> None:
    """Marks it done in the transaction of its effect. Raises Superseded if this copy is not the newest."""
    changed = session.execute(
        sa.update(M)
        .where(M.id == message_id, M.sends == number, M.done_at.is_(None), M.dead_at.is_(None))
        .values(done_at=utc_now(), last_error="")
        .execution_options(synchronize_session=False)
        .returning(M.id)
    ).scalar()
    if changed is None:
        raise Superseded(f"outbox message {message_id}, copy {number}")


def postpone(session: Session, message_id: int, number: int, seconds: float) -> None:
    """Not yet: looked at again after so many seconds; no failure."""
    if message := take(session, message_id, number):
        message.sent_at, message.not_before = None, clock.real() + timedelta(seconds=seconds)


def fail(session: Session, message_id: int, number: int, error: str, *, permanent: bool = False) -> bool:
    """Counts a failure and backs off; after the last one (or a permanent one) the message is a dead letter (True)."""
    message = take(session, message_id, number)
    if message is None:
        return False
    message.failures += 1
    message.last_error = error[:4000]
    if permanent or message.failures >= MAX_ATTEMPTS:
        message.dead_at = utc_now()
        return True
    pause = BACKOFF[min(message.failures, len(BACKOFF)) - 1]
    message.sent_at, message.not_before = None, clock.real() + timedelta(seconds=pause)
    return False


def revive(session: Session, message: OutboxMessage, *, actor: Actor) -> None:
    """Gives a dead letter its attempts back. Raises Conflict when it is not dead."""
    session.refresh(message, with_for_update=True)
    if message.dead_at is None:
        raise Conflict("This message is not a dead letter: somebody has run it again already.")
    session.info["verb"] = "outbox_message.revive"
    message.dead_at, message.failures, message.sent_at = None, 0, None
    message.not_before = clock.real()
    message.last_error = f"run again by user {actor.user_id}; before: {message.last_error}"[:4000]
    session.flush()


def forget(session: Session) -> int:
    """Removes at most BATCH messages that were done more than thirty days ago (real time); answers how many.

    The application may delete none by itself: the database's own function knows which. Their keys are free again then,
    which is harmless, since every job looks at the state of what it is about.
    """
    return session.scalar(sa.select(sa.func.outbox_forget(BATCH))) or 0


def counts(session: Session) -> dict[str, Any]:
    """How many are waiting, in flight and dead, and the age in seconds of the oldest that waits."""
    row = session.execute(
        sa.select(
            sa.func.count().filter(M.sent_at.is_(None), M.done_at.is_(None), M.dead_at.is_(None)).label("waiting"),
            sa.func.count().filter(M.sent_at.is_not(None), M.done_at.is_(None), M.dead_at.is_(None)).label("in_flight"),
            sa.func.count().filter(M.dead_at.is_not(None)).label("dead"),
            sa.func.min(M.not_before).filter(M.done_at.is_(None), M.dead_at.is_(None)).label("oldest"),
        ).where(sa.or_(sa.and_(M.done_at.is_(None), M.dead_at.is_(None)), M.dead_at.is_not(None)))  # two small indexes
    ).one()
    age = max(0.0, (clock.real() - row.oldest).total_seconds()) if row.oldest else 0.0
    return {"waiting": row.waiting, "in_flight": row.in_flight, "dead": row.dead, "oldest_seconds": age}
