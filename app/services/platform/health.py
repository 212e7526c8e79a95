"""What the database knows about the state of the whole: queues, timers, seals and who is at work."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.metrics import Reading
from app.services.platform import clock, heartbeat, outbox_message, seal
from models.platform.timer import TimerRow, TimerState

LATE_AFTER = {"clock": 30.0, "worker": 60.0, "sealer": 30.0}
"""Seconds without a sign of life after which a process counts as late."""
GRACE = timedelta(seconds=5)
SEALED_WITHIN = 60.0
"""Seconds within which every row gets its place in the chain; the sealer needs about two."""


def unsealed_seconds(session: Session) -> float:
    """Age of the oldest row that waits for its seal; 0 when none does."""
    return seal.oldest_unsealed(session)


def late(session: Session) -> list[str]:
    """Processes that have not been seen for too long, or never."""
    seen = heartbeat.ages(session)
    return [name for name, limit in LATE_AFTER.items() if seen.get(name, limit + 1) > limit]


def overdue_timers(session: Session) -> int:
    """Timers whose moment has passed by more than the clock needs to see it."""
    due = TimerRow.due_at < clock.now() - GRACE
    return session.scalar(sa.select(sa.func.count()).where(TimerRow.state == TimerState.waiting, due)) or 0


def readings(session: Session) -> list[Reading]:
    """The same as numbers, for the collector of metrics."""
    outbox = outbox_message.counts(session)
    states = {name: float(outbox[name]) for name in ("waiting", "in_flight", "dead")}
    return [
        Reading("fixnado_outbox_messages", "Outbox messages that are not done", states, "state"),
        Reading("fixnado_outbox_oldest_seconds", "Age of the oldest due message", {"": outbox["oldest_seconds"]}),
        Reading("fixnado_timers_overdue", "Timers that should have fired", {"": float(overdue_timers(session))}),
        Reading("fixnado_unsealed_oldest_seconds", "Age of the oldest unsealed row", {"": unsealed_seconds(session)}),
        Reading("fixnado_heartbeat_age_seconds", "Since a process was last seen", heartbeat.ages(session), "process"),
    ]
