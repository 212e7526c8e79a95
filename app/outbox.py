"""After this commits, run that job: a row in the same transaction. The dispatcher feeds the queue from these rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.observability import current_request_id, current_traceparent
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now

CHANNEL = "outbox"


def send(
    session: Session,
    job: str,
    *,
    key: str,
    payload: dict[str, Any] | None = None,
    not_before: datetime | None = None,
    queue: str = "default",
) -> None:
    """Asks for `job` (its registered name) once per `key`, not before a moment in UTC.

    A key that was sent before is left alone, whatever its payload: keys name the effect, not the call.
    The dispatcher is notified only by the row that finds the table empty; it also looks every second.
    """
    now = utc_now()
    open_ = (OutboxMessage.done_at.is_(None), OutboxMessage.dead_at.is_(None))  # as the partial index says it
    waiting = sa.select(OutboxMessage.id).where(*open_, OutboxMessage.sent_at.is_(None)).limit(1)
    idle = session.scalar(waiting) is None
    session.execute(
        insert(OutboxMessage)
        .values(
            job=job,
            queue=queue,
            key=key,
            payload=payload or {},
            not_before=not_before or now,
            created_at=now,
            request_id=current_request_id(),
            traceparent=current_traceparent(),
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    if idle and not_before is None:
        session.execute(sa.text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
