"""The first copy of a message, kept in one statement: its row, its audit row, and the wish that it be applied.

A provider that has much to tell knocks hundreds of times a second, and each trip to the database costs more than what
is done there. What is written is what the session would have written, row for row; a test holds the two equal.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session, make_transient_to_detached

from app import audit_trail
from app.observability import current_request_id, current_traceparent
from app.outbox import CHANNEL
from app.services.platform import clock
from models.commerce.webhook_inbox import WebhookInbox
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now, uuid7

APPLY = "commerce.webhook_inbox.apply"
_COLUMNS = tuple(WebhookInbox.__table__.columns.keys())
_WISH = ("job", "queue", "key", "payload", "request_id", "traceparent", "created_at", "not_before")


def _statement() -> sa.Select[tuple[int, int, int, int]]:
    """Only the first copy is kept, and only what is kept is told and asked for; a copy that arrives at the same instant
    waits for the other's commit. The dispatcher is woken by the row that finds the outbox idle, as in app.outbox."""
    kept = (
        insert(WebhookInbox)
        .values({name: sa.bindparam(f"w_{name}") for name in _COLUMNS})
        .on_conflict_do_nothing(index_elements=["provider", "event_id"], index_where=sa.text("original"))
        .returning(WebhookInbox.id)
        .cte("kept")
    )
    told = sa.select(sa.func.audit_write(sa.cast(sa.bindparam("events", type_=sa.Text), JSONB))).select_from(kept)
    O = OutboxMessage  # noqa: E741, N806
    wish = [sa.bindparam(f"o_{name}", type_=O.__table__.c[name].type).label(name) for name in _WISH]
    asked = (
        insert(O)
        .from_select(_WISH, sa.select(*wish).select_from(kept), include_defaults=False)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(O.id)
        .cte("asked")
    )
    waiting = sa.exists().where(O.done_at.is_(None), O.dead_at.is_(None), O.sent_at.is_(None))
    rung = sa.select(sa.func.pg_notify(CHANNEL, "")).select_from(asked).where(~waiting)
    parts = (kept, told.cte("told"), asked, rung.cte("rung"))
    return sa.select(*(sa.select(sa.func.count()).select_from(part).scalar_subquery() for part in parts))


_KEEP = _statement()


def keep(session: Session, row: WebhookInbox) -> bool:
    """Writes a new row in its first state; False, and nothing is written, when its event is here already."""
    now = utc_now()
    row.id, row.created_at, row.note, row.applied_at = uuid7(), now, "", None
    row.state, row.state_entered_at, row.version = row.machine.initial, clock.now(), 1
    session.info["verb"] = f"{row.machine.name}.begin"
    wish = {
        "job": APPLY,
        "queue": "default",
        "key": f"webhook:{row.id}:{row.version}",
        "payload": {"inbox_id": str(row.id)},
        "request_id": current_request_id(),
        "traceparent": current_traceparent(),
        "created_at": now,
        "not_before": now,
    }
    values = {
        **{f"w_{name}": getattr(row, name) for name in _COLUMNS},
        **{f"o_{name}": value for name, value in wish.items()},
        "events": json.dumps([audit_trail.of_new(session, row)], ensure_ascii=False),
    }
    if not session.execute(_KEEP, values).one()[0]:
        return False
    make_transient_to_detached(row)
    session.add(row)
    return True
