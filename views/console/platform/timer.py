"""What will happen by itself, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.services.platform import clock
from models.lifecycle import MACHINES
from models.platform.timer import TimerRow, TimerState
from views import drawing
from views.base import ConsoleView
from views.columns import Column, EnumFacet, Tab, Test, TestFacet
from views.interface import Interface

T = TimerRow


class TimerView(ConsoleView):
    """A waiting timer that is late means that the clock does not run."""

    datamodel = Interface(T)
    resource, label, group, icon, nouns = "Timer", "Timers", "Platform", "hourglass", "timers"
    route_base = "/timers"
    search = (T.machine, T.event, T.subject_id)
    columns = (
        Column("event", "What", "title", get=lambda t: f"{t.machine}: {t.event}".replace("_", " "), slot="title"),
        Column("from_state", "While", get=lambda t: _state(t.machine, t.from_state), width="ml", slot="meta"),
        Column("state", "State", "status", order=T.state, width="m", slot="status"),
        Column("due_at", "Due", "due", order=T.due_at, width="s", slot="due"),
        Column("rearmed", "Set again", "number", order=T.rearmed, width="s", prio=3),
        Column("subject_id", "Of", prio=2, width="m"),
    )
    facets = (
        EnumFacet("state", "State", T.state, "list-check"),
        TestFacet(
            "late",
            "Late",
            {"yes": Test("Past its time", lambda: (T.state == TimerState.waiting) & (T.due_at < clock.now()))},
            "clock",
        ),
    )
    tabs = (
        Tab("All"),
        Tab("Waiting", {"state": ["waiting"]}, counted=True),
        Tab("Late", {"late": ["yes"]}, counted=True, tone="danger"),
    )

    def first_order(self) -> tuple[Any, ...]:
        return (sa.case((T.state == TimerState.waiting, 0), else_=1), T.due_at.asc())

    def sections(self, row: TimerRow) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        return [
            (
                "Timer",
                [
                    ("What", f"{row.machine}: {row.event}"),
                    ("While", _state(row.machine, row.from_state)),
                    ("Of", drawing.code(str(row.subject_id))),
                    ("State", drawing.status(row.state)),
                    ("Due", drawing.when(row.due_at)),
                    ("Fired", drawing.when(row.fired_at)),
                    ("Set again", drawing.plain(row.rearmed)),
                    ("Last refusal", drawing.plain(row.last_refusal)),
                ],
            )
        ]


def _state(machine: str, name: str) -> str:
    members = MACHINES[machine].states.__members__ if machine in MACHINES else {}
    return str(members[name].value) if name in members else name
