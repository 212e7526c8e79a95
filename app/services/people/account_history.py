"""What happened to an account, for staff: who did what to it and why, also to what was asked for its end. Its sign-ins
are a list of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.people.deletion_request import DeletionRequest
from models.platform.audit_event import AuditEvent, AuditPersonal

A, D = AuditEvent, DeletionRequest
MOST = 30
ROWS = ("ab_user", "account_standing")
ASKED = ("deletion_request.begin", "deletion_request.withdraw", "deletion_request.refuse")


@dataclass(frozen=True, slots=True)
class Event:
    """`verb` is what was done, `user_id` whoever did it (None: `actor`, a kind), `reason` what they said, if it was not
    erased."""

    verb: str
    user_id: int | None
    actor: str
    reason: str
    at: datetime


def of(session: Session, user_id: int) -> list[Event]:
    """The newest first. One act writes several rows and is told once: the end of an account is not told of its request
    too."""
    done = sa.or_(A.verb.like("account.%"), A.verb == "person.create", A.actor_kind == "operator")
    account = sa.and_(A.entity.in_(ROWS), A.entity_id == str(user_id), done)
    requests = sa.select(sa.cast(D.id, sa.Text)).where(D.user_id == user_id)
    asked = sa.and_(A.entity == D.__tablename__, A.entity_id.in_(requests), A.verb.in_(ASKED))
    rows = (
        sa.select(A, AuditPersonal.content)
        .outerjoin(AuditPersonal, AuditPersonal.audit_id == A.id)
        .where(sa.or_(account, asked))
        .order_by(A.id.desc())
        .limit(MOST * 2)
    )
    acts: dict[tuple[Any, ...], Event] = {}
    for row, content in session.execute(rows):
        act = (row.verb, row.actor_user_id, row.request_id or row.at.replace(microsecond=0))
        aside = (content or {}).get("after", {})
        said = str(aside.get("reason") or aside.get("suspension_reason") or row.reason)
        if act not in acts or (said and not acts[act].reason):
            acts[act] = Event(row.verb, row.actor_user_id, row.actor_kind, said, row.at)
    return list(acts.values())[:MOST]
