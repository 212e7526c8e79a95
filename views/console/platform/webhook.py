"""What the payment provider told us, as it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.services.commerce import webhook_inbox
from models.commerce.webhook_inbox import WebhookInbox, WebhookState
from views import drawing
from views.base import counted
from views.columns import Column, EnumFacet, SinceFacet, Tab
from views.interface import Interface
from views.record import RecordView, Verb

W, S = WebhookInbox, WebhookState


class WebhookView(RecordView):
    """The body stays where it is: it holds personal data and is proven by its hash."""

    datamodel = Interface(W)
    resource, label, group, icon, nouns = "Webhook", "Webhook inbox", "Platform", "webhook", "messages"
    route_base = "/webhooks"
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
        Column("object_id", "About", "code", width="l", slot="meta", prio=2),
        Column("created_at", "Came", "ago", order=W.created_at, width="s", slot="due"),
    )
    facets = (EnumFacet("state", "State", W.state, "list-check"), SinceFacet("came", "Came", W.created_at))
    tabs = (
        Tab("All"),
        Tab("Waiting", {"state": ["received", "deferred"]}, counted=True),
        Tab("Dead", {"state": ["dead"]}, counted=True, tone="danger"),
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
        ),
    )

    def waiting(self) -> Any:
        return counted(W, W.state == S.dead)

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
