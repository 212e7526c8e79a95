"""Deletion requests: who asked for the end of their account, since when, what stands in the way, until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_appbuilder.security.sqla.models import User
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.services.people import account_deletion
from app.services.platform import clock
from models.people.deletion_request import DeletionRequest, DeletionState
from security.permissions import READ
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, PeriodFacet, Tab, Test, TestFacet
from views.interface import Interface
from views.record import Ask, RecordView, Verb

D, S = DeletionRequest, DeletionState
WHY_NOT = Ask("reason", "Reasons", "They are mailed these words, with where they may complain. The law knows few.")
LATE = "overdue"


def _in_the_way(row: DeletionRequest) -> Sequence[str]:
    found: Sequence[str] = row.__dict__.get("in_the_way", ())
    return found


class DeletionRequestView(RecordView):
    """The clock carries out what nothing stands in the way of, after 14 days; staff look at the others."""

    datamodel = Interface(D, eager=(joinedload(D.user),))
    resource, label, group, icon, nouns = (
        "DeletionRequest", "Deletion requests", "People", "trash", "deletion requests",
    )  # fmt: skip
    route_base = "/deletion-requests"
    show_template = "console/deletion_request.html"
    empty = "When somebody asks for their account to be deleted, it will be listed here."
    landing = {"state": ["waiting"]}
    road = (S.waiting, S.completed)
    search = (User.first_name, User.last_name, User.email)
    columns = (
        Column("user", "Who", "title", get=lambda d: d.user.get_full_name(), sub=lambda d: d.user.email,
               order=User.last_name, slot="title", width="xl"),
        Column("state", "State", "status", order=D.state, width="m", slot="status"),
        Column("in_the_way", "What stands in the way", get=lambda d: " ".join(_in_the_way(d)), slot="meta"),
        Column("created_at", "Asked", "ago", order=D.created_at, width="s"),
        Column("due_at", "From", "when", get=lambda d: d.due_at if d.state is S.waiting else None, order=D.due_at,
               width="ml", prio=3),
        Column("answer_by", "Answer by", "due", get=lambda d: d.answer_by if d.state is S.waiting else None,
               order=D.answer_by, width="s", slot="due"),
    )  # fmt: skip
    facets = (
        EnumFacet("state", "State", D.state, "list-check"),
        TestFacet(
            "answer",
            "Answer",
            {LATE: Test("Overdue", lambda: (D.state == S.waiting) & (D.answer_by < clock.now()))},
            "clock",
        ),
        PeriodFacet("asked", "Asked", D.created_at),
    )
    tabs = (
        Tab("Waiting", {"state": ["waiting"]}, counted=True),
        Tab("Overdue", {"answer": [LATE]}, counted=True, tone="danger"),
        Tab("Refused", {"state": ["refused"]}),
        Tab("Taken back", {"state": ["withdrawn"]}),
        Tab("Deleted", {"state": ["completed"]}),
        Tab("All"),
    )
    verbs_of = (
        Verb("carry_out", "Delete the account", "decide", account_deletion.carry_out,
             "Nobody signs in any more and what names them is removed. It cannot be undone.", "trash", "danger"),
        Verb("refuse", "Refuse", "decide", account_deletion.refuse,
             "The account stays; they are mailed why", "x", "", (WHY_NOT,), "r"),
    )  # fmt: skip

    def waiting(self) -> Any:
        return counted(D, D.state == S.waiting, D.due_at <= clock.now())

    def duties(self) -> Sequence[Duty]:
        held = counted(D, D.state == S.waiting, D.due_at <= clock.now())
        return (Duty("Deletions that something stands in the way of", "decide", held, {"state": ["waiting"]}),)

    def narrowed(self) -> Any:
        return super().narrowed().join(User, User.id == D.user_id)

    def first_order(self) -> tuple[Any, ...]:
        waiting_first = sa.case((D.state == S.waiting, 0), else_=1)
        return (waiting_first, D.answer_by.asc(), D.created_at.desc())

    def enrich(self, rows: Sequence[DeletionRequest]) -> None:
        """Two statements for all that wait."""
        asked = {row.user_id for row in rows if row.state is S.waiting}
        found = account_deletion.in_the_way(self.datamodel.session(), asked)
        for row in rows:
            row.__dict__["in_the_way"] = found.get(row.user_id, []) if row.state is S.waiting else []

    def heading(self, row: DeletionRequest) -> str:
        return str(row.user.get_full_name())

    def reference(self, row: DeletionRequest) -> str:
        return self.heading(row)

    def on_the_trail(self, answers: Mapping[str, str]) -> str:  # noqa: ARG002  it names people: it lies aside
        return ""

    def road_of(self, row: DeletionRequest) -> tuple[Any, ...]:
        return self.road if row.state in self.road else (S.waiting, row.state)

    def facts(self, row: DeletionRequest) -> Sequence[tuple[str, Any]]:
        who: Any = row.user.get_full_name()
        if self.appbuilder.sm.may("Person", READ):
            who = Markup('<a href="{}">{}</a>').format(url_for("PersonView.show", pk=row.user_id), who)
        return [
            ("Account", who),
            ("E-mail", drawing.plain(row.user.email)),
            ("Asked", drawing.when(row.created_at)),
            ("May take it back until", drawing.when(row.due_at)),
            ("Answer by", drawing.due(row.answer_by) if row.state is S.waiting else drawing.when(row.answer_by)),
            *([("Reasons", drawing.plain(said))] if (said := self._reasons(row)) else []),
        ]

    def _reasons(self, row: DeletionRequest) -> str:
        return account_deletion.reasons(self.datamodel.session(), row) if row.state is S.refused else ""

    def more(self, row: DeletionRequest) -> dict[str, Any]:
        self.enrich([row])
        return {"in_the_way": _in_the_way(row), "waits": row.state is S.waiting}
