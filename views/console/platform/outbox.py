"""What must happen after a commit, and what failed for good."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flask import flash
from flask.typing import ResponseReturnValue
from flask_appbuilder.actions import action
from markupsafe import Markup

from app.services.platform import outbox_message
from models.errors import Conflict
from models.platform.outbox_message import OutboxMessage
from views import drawing
from views.base import ConsoleView, Duty, counted, operator, same_page
from views.columns import Column, PeriodFacet, Tab, Test, TestFacet
from views.interface import Interface

M = OutboxMessage
STATES = {
    "waiting": Test("Waiting", lambda: M.sent_at.is_(None) & M.done_at.is_(None) & M.dead_at.is_(None)),
    "sent": Test("At work", lambda: M.sent_at.is_not(None) & M.done_at.is_(None) & M.dead_at.is_(None)),
    "done": Test("Done", lambda: M.done_at.is_not(None)),
    "dead": Test("Dead letter", lambda: M.dead_at.is_not(None)),
}
LOOKS = {
    "dead": ("danger", "diamond"),
    "done": ("success", "done"),
    "sent": ("info", "pie2"),
    "waiting": ("warning", "clock"),
}


def state_of(message: OutboxMessage) -> str:
    """Where a message is: one of STATES."""
    if message.dead_at:
        return "dead"
    if message.done_at:
        return "done"
    return "sent" if message.sent_at else "waiting"


def pill(message: OutboxMessage) -> Markup:
    """Word, shape and tone."""
    name = state_of(message)
    return drawing.pill(*LOOKS[name], STATES[name].label)


class OutboxView(ConsoleView):
    """A dead letter waits for a person, who may run it again."""

    datamodel = Interface(M)
    resource, label, group, icon, nouns = "Outbox", "Outbox", "Platform", "send", "messages"
    route_base = "/outbox"
    include_route_methods = {"list", "show", "action", "action_post"}
    method_permission_name = {"rerun": "rerun"}
    search = (M.job, M.key, M.last_error)
    columns = (
        Column("job", "Job", "title", order=M.job, sub=lambda m: m.key, slot="title"),
        Column("state", "State", get=pill, width="m", slot="status"),
        Column("failures", "Failures", "number", order=M.failures, width="s", prio=2),
        Column("sends", "Handed out", "number", order=M.sends, width="s", prio=3),
        Column("not_before", "Due", "when", order=M.not_before, width="ml", prio=2),
        Column("created_at", "Asked", "ago", order=M.created_at, width="s", slot="due"),
    )
    facets = (TestFacet("state", "State", STATES, "list-check"), PeriodFacet("asked", "Asked", M.created_at))
    tabs = (
        Tab("All"),
        Tab("Waiting", {"state": ["waiting", "sent"]}, counted=True),
        Tab("Dead letters", {"state": ["dead"]}, counted=True, tone="danger"),
    )

    def waiting(self) -> Any:
        return counted(M, M.dead_at.is_not(None))

    def duties(self) -> Sequence[Duty]:
        return (Duty("Dead letters", "rerun", self.waiting(), {"state": ["dead"]}, urgent=True),)

    def sections(self, row: OutboxMessage) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        return [
            (
                "Message",
                [
                    ("State", pill(row)),
                    ("Key", drawing.code(row.key)),
                    ("Queue", row.queue),
                    ("Failures", drawing.plain(row.failures)),
                    ("Handed out", drawing.plain(row.sends)),
                    ("Last error", drawing.plain(row.last_error)),
                ],
            ),
            (
                "When",
                [
                    ("Asked", drawing.when(row.created_at)),
                    ("Due", drawing.when(row.not_before)),
                    ("Sent", drawing.when(row.sent_at)),
                    ("Done", drawing.when(row.done_at)),
                    ("Dead since", drawing.when(row.dead_at)),
                ],
            ),
            (
                "What it carries",
                [("Payload", drawing.code(json.dumps(row.payload))), ("Request", drawing.code(row.request_id))],
            ),
        ]

    @action("rerun", "Run again", "Dead letters get their attempts back; others are left alone.", "rotate-clockwise")
    def rerun(self, rows: Any) -> ResponseReturnValue:
        """Each row has its own outcome: somebody may have been first with one of them."""
        session, done, left = self.datamodel.session(), 0, 0
        for message in rows if isinstance(rows, list) else [rows]:
            try:
                outbox_message.revive(session, message, actor=operator())
                done += 1
            except Conflict:
                left += 1
        if done:
            flash(f"{done} will run again", "success")
        if left:
            flash(f"{left} left alone: not a dead letter (any more)", "warning")
        return same_page(self)
