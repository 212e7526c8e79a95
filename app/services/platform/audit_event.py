"""The audit trail as its readers need it: checking it, reading one row's history, erasing a person's text from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.services.platform import seal
from models.actor import Actor
from models.platform.audit_event import AuditEvent, AuditPersonal
from models.platform.audit_value import plain

CHAIN = "audit"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with its personal text put back, where that was not erased."""

    event: AuditEvent
    before: dict[str, Any]
    after: dict[str, Any]


def verify(session: Session) -> list[seal.Fault]:
    """The chain and the personal text that lies aside."""
    return seal.verify(session, CHAIN) + personal_faults(session)


def personal_faults(session: Session) -> list[seal.Fault]:
    """Personal text against its digests. Erased text is no fault."""
    found = sa.func.audit_personal_verify().table_valued(
        sa.column("row_id", sa.BigInteger), sa.column("problem", sa.Text)
    )
    return [seal.Fault(CHAIN, None, row_id, problem) for row_id, problem in session.execute(sa.select(found))]


def history(session: Session, entity: str, entity_id: object) -> list[Entry]:
    """What happened to one row, oldest first. `entity` is the table's name."""
    rows = sa.select(AuditEvent, AuditPersonal.content).outerjoin(
        AuditPersonal, AuditPersonal.audit_id == AuditEvent.id
    )
    rows = rows.where(AuditEvent.entity == entity, AuditEvent.entity_id == str(entity_id)).order_by(AuditEvent.id)
    return [_entry(event, content or {}) for event, content in session.execute(rows)]


def _entry(event: AuditEvent, aside: dict[str, Any]) -> Entry:
    before, after = event.before or {}, event.after or {}
    return Entry(event, {**before, **aside.get("before", {})}, {**after, **aside.get("after", {})})


def erase(session: Session, entity: str, entity_id: object, *, actor: Actor, reason: str) -> int:
    """Erases the personal text kept about one row, answers from how many events. The erasure itself is on the trail.

    The sealed rows stay as they are and the chain still verifies.
    """
    by = {
        "actor_kind": actor.kind.value,
        "actor_user_id": actor.user_id,
        "actor_organisation_id": plain(actor.organisation_id),
        "actor_name": actor.name if actor.user_id is None else "",
        "role": actor.role,
        "reason": reason,
        "request_id": actor.request_id,
    }
    call = sa.func.audit_erase(entity, str(entity_id), sa.cast(by, JSONB))
    return int(session.execute(sa.select(call)).scalar_one())
