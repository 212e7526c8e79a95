"""Who changed what, when and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from markupsafe import Markup

from app.services.platform import audit_event, seal
from models.platform.audit_event import AuditEvent
from views import drawing
from views.base import ConsoleView
from views.columns import Column, PeriodFacet, WordFacet
from views.interface import Interface

A = AuditEvent
OPERATIONS = {"I": "Added", "U": "Changed", "D": "Removed"}
KINDS = {"buyer": "Customer", "seller": "Provider", "operator": "Staff", "system": "Clockwork", "psp": "Payments"}


class AuditEventView(ConsoleView):
    """Read only, and sealed: an altered row is found by name."""

    datamodel = Interface(A)
    resource, label, group, icon, nouns = "AuditEvent", "Audit trail", "Platform", "history", "events"
    route_base = "/audit"
    search = (A.entity, A.entity_id, A.verb, A.actor_name, A.request_id)
    columns = (
        Column(
            "what",
            "What",
            "title",
            get=lambda e: f"{OPERATIONS.get(e.op, e.op)} {e.entity.removeprefix('ab_').replace('_', ' ')}",
            sub=lambda e: e.entity_id,
            slot="title",
        ),
        Column(
            "who",
            "Who",
            get=lambda e: e.__dict__.get("who") or e.actor_name or KINDS.get(e.actor_kind, ""),
            slot="meta",
            width="l",
        ),
        Column("verb", "Verb", "code", order=A.verb, width="l", prio=2),
        Column("role", "Role", order=A.role, width="m", prio=3),
        Column("at", "When", "when", order=A.id, width="ml", slot="due"),
    )
    facets = (
        WordFacet("op", "What", A.op, OPERATIONS, "pencil"),
        WordFacet("kind", "Who", A.actor_kind, KINDS, "user"),
        PeriodFacet("when", "When", A.at),
    )

    def enrich(self, rows: Sequence[AuditEvent]) -> None:
        names = self._names({event.actor_user_id for event in rows if event.actor_user_id})
        for event in rows:
            event.__dict__["who"] = names.get(event.actor_user_id, "")

    def _names(self, ids: set[int]) -> Mapping[int | None, str]:
        if not ids:
            return {}
        found = sa.select(User.id, User.first_name, User.last_name).where(User.id.in_(ids))
        return {ident: f"{first} {last}" for ident, first, last in self.datamodel.session.execute(found)}

    def sections(self, row: AuditEvent) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        entries = [e for e in audit_event.history(session, row.entity, row.entity_id) if e.event.id == row.id]
        before, after = (entries[0].before, entries[0].after) if entries else (row.before or {}, row.after or {})
        names = self._names({row.actor_user_id} if row.actor_user_id else set())
        proof = seal.inclusion_proof(session, "audit", row.id)
        return [
            (
                "Event",
                [
                    ("Who", drawing.plain(names.get(row.actor_user_id) or row.actor_name or row.actor_kind)),
                    ("Role", drawing.plain(row.role)),
                    ("Verb", drawing.code(row.verb)),
                    ("What", f"{OPERATIONS.get(row.op, row.op)} {row.entity} {row.entity_id}"),
                    ("Why", drawing.plain(row.reason)),
                    ("When", drawing.when(row.at)),
                    ("Request", drawing.code(row.request_id)),
                    ("Sealed in block", drawing.plain(proof.height if proof else "waits for its seal")),
                ],
            ),
            ("Fields", [(name, _change(before.get(name), after.get(name))) for name in sorted({*before, *after})]),
        ]


def _change(before: Any, after: Any) -> Markup:
    return Markup(
        '<span class="flow">{}<span aria-hidden="true">→</span><span class="vh"> became </span><b>{}</b></span>'
    ).format(_value(before), _value(after))


def _value(value: Any) -> Any:
    if isinstance(value, dict | list):
        return drawing.code(json.dumps(value, ensure_ascii=False))
    return drawing.plain(value)
