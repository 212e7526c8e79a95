"""What the provider told us, as it came: raw bytes first, meaning later."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.lifecycle import Lifecycle, Machine, Timer, move
from models.types import Created, Digest, Prose, Short, UuidPk


class WebhookState(Enum):
    """Only the first copy of an event is ever applied."""

    received = "Received"
    deferred = "Deferred"
    applied = "Applied"
    duplicate = "Duplicate"
    rejected = "Rejected"
    dead = "Dead"


S = WebhookState
WEBHOOK_INBOX = Machine(
    name="webhook_inbox",
    states=S,
    initial=S.received,
    terminal=frozenset({S.applied, S.duplicate, S.rejected}),
    owned=((S.received, "clockwork: the outbox applies it"), (S.dead, "operations")),
    moves=(
        move(S.received, "verify_failed", S.rejected, "system", "only the hash of the body is kept"),
        move(S.received, "seen", S.duplicate, "system", "this event is here already"),
        move(S.received, "apply", S.applied, "system", "the change is legal now, or made already"),
        move(S.received, "defer", S.deferred, "system", "what it speaks of is not known yet"),
        move(S.received, "give_up", S.dead, "system", "asking for it became a dead letter"),
        move(S.deferred, "apply", S.applied, "system", "by the provider's present state"),
        move(S.deferred, "give_up", S.dead, "system", timer=Timer(after=timedelta(hours=72))),
        move(S.dead, "apply", S.applied, "system", "its dead letter was run again"),
        move(S.dead, "replay", S.received, "operator"),
    ),
)


class WebhookInbox(Lifecycle, Base):
    """`original` is true for the first copy of an event; a rejected message keeps its hash and no body."""

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        sa.Index(
            "uq_webhook_inbox_original", "provider", "event_id", unique=True, postgresql_where=sa.text("original")
        ),
        sa.Index(
            "uq_webhook_inbox_applied",
            "provider",
            "event_id",
            unique=True,
            postgresql_where=sa.text("state = 'applied'"),
        ),
        sa.CheckConstraint("state <> 'rejected' OR body IS NULL", name="body_unless_rejected"),
        sa.Index("ix_webhook_inbox_created_at", "created_at"),
    )
    machine = WEBHOOK_INBOX

    id: Mapped[UuidPk]
    provider: Mapped[Short]
    event_id: Mapped[Short]
    event_type: Mapped[Short]
    object_id: Mapped[Short]
    original: Mapped[bool]
    body: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    body_sha256: Mapped[Digest]
    note: Mapped[Prose] = mapped_column(default="", server_default="")
    applied_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]
