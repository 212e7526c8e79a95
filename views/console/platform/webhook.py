"""What the payment provider told us, as it came."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import abort, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app import audit_trail
from app.services.commerce import webhook_inbox
from app.unit_of_work import unit_of_work
from models.commerce.webhook_inbox import WebhookInbox, WebhookState
from models.platform.transition import Transition
from views import drawing
from views.base import Duty, counted, operator
from views.columns import Column, EnumFacet, PeriodFacet, Tab
from views.interface import Interface
from views.record import RecordView, Verb

W, S = WebhookInbox, WebhookState


class WebhookView(RecordView):
    """The body names people and is proven by its hash: it is not drawn, and who downloads one is in the audit trail."""

    datamodel = Interface(W)
    resource, label, group, icon, nouns = "Webhook", "Webhook inbox", "Platform", "webhook", "messages"
    route_base = "/webhooks"
    show_template = "console/webhook.html"
    include_route_methods = {"list", "show", "move", "body"}
    newest = (W.created_at,)
    road = (S.received, S.applied)
    search = (W.event_id, W.event_type, W.object_id)
    columns = (
        Column(
            "event_type",
            "Event",
            "title",
            get=lambda w: w.event_type or "Unreadable message",
            order=W.event_type,
            sub=lambda w: w.event_id,
            slot="title",
        ),
        Column("provider", "Provider", order=W.provider, width="m", prio=3),
        Column("state", "State", "status", order=W.state, width="m", slot="status"),
        Column("kind", "Kind", get=lambda w: kind_of(w.event_type), width="m", prio=2),
        Column("object_id", "About", "code", width="l", slot="meta", prio=2),
        Column("why", "Why", get=lambda w: getattr(w, "why", "") or None, width="l", prio=3),
        Column("created_at", "Came", "ago", order=W.created_at, width="s", slot="due"),
    )
    facets = (EnumFacet("state", "State", W.state, "list-check"), PeriodFacet("came", "Came", W.created_at))
    tabs = (
        Tab("All"),
        Tab("Received", {"state": ["received"]}, counted=True),
        Tab("Deferred", {"state": ["deferred"]}, counted=True),
        Tab("Dead", {"state": ["dead"]}, counted=True, tone="danger"),
        Tab("Rejected", {"state": ["rejected"]}, counted=True),
        Tab("Repeated", {"state": ["duplicate"]}),
    )
    verbs_of = (
        Verb(
            "replay",
            "Work it again",
            "replay",
            webhook_inbox.replay,
            "Asks the provider for the present state",
            "rotate-clockwise",
            "primary",
            sure=True,
        ),
    )

    def waiting(self) -> Any:
        return counted(W, W.state == S.dead)

    def duties(self) -> Sequence[Duty]:
        return (
            Duty("Dead messages of the provider", "replay", counted(W, W.state == S.dead), {"state": ["dead"]}, True),
        )

    def enrich(self, rows: Sequence[Any]) -> None:
        """Why a message is where it is: the reason of its last move."""
        ids = [row.id for row in rows]
        moves = sa.select(Transition.subject_id, Transition.reason).where(Transition.subject_id.in_(ids))
        found = self.datamodel.session().execute(moves.order_by(Transition.id))
        reasons = {key: reason for key, reason in found if reason}
        for row in rows:
            row.why = row.note or reasons.get(row.id, "")

    def more(self, row: WebhookInbox) -> dict[str, Any]:
        self.enrich([row])
        return {"why": row.why}  # type: ignore[attr-defined]

    @expose("/body/<pk>")
    @has_access
    @permission_name("body")
    def body(self, pk: str) -> ResponseReturnValue:
        """The message as it came, byte for byte."""
        row = self.row(pk)
        if row.body is None:
            abort(404)
        data, name = bytes(row.body), f"{row.event_id or row.id}.json"
        with unit_of_work(operator(), verb="webhook_inbox.download") as session:
            audit_trail.note(session, "webhook_inbox", str(row.id), {"bytes": len(data)})
        answer = send_file(BytesIO(data), mimetype="application/json", as_attachment=True, download_name=name)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def facts(self, row: WebhookInbox) -> Sequence[tuple[str, Any]]:
        return [
            ("Event", drawing.code(row.event_id)),
            ("About", drawing.code(row.object_id)),
            ("Provider", row.provider),
            ("First copy", drawing.yes(row.original)),
            ("SHA-256 of the body", drawing.code(row.body_sha256.hex())),
            ("Note", drawing.plain(row.note)),
            ("Came", drawing.when(row.created_at)),
            ("Applied", drawing.when(row.applied_at)),
        ]


def kind_of(event_type: str) -> str:
    """What a message speaks of: payment, refund or dispute."""
    if event_type.startswith("charge.dispute."):
        return "Dispute"
    if event_type.startswith(("refund.", "charge.refund")):
        return "Refund"
    return "Payment" if event_type.startswith("payment_intent.") else event_type.partition(".")[0].capitalize()
