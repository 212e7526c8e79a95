"""What will happen by itself, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.services.platform import clock
from models.commerce.chargeback import Chargeback
from models.commerce.dispute import Dispute
from models.commerce.escrow import Escrow
from models.commerce.order import Order
from models.commerce.refund import Refund
from models.commerce.webhook_inbox import WebhookInbox
from models.lifecycle import MACHINES, Move
from models.platform.timer import TimerRow, TimerState
from views import drawing
from views.base import ConsoleView, Duty, counted
from views.columns import Column, EnumFacet, Tab, Test, TestFacet
from views.interface import Interface
from views.record import MACHINE_WORDS

T = TimerRow
SCREENS = {
    "order": "OrderView",
    "escrow": "OrderView",
    "refund": "RefundView",
    "dispute": "DisputeView",
    "chargeback": "ChargebackView",
    "webhook_inbox": "WebhookView",
}
"""Where the noun of each machine is shown."""


def late() -> Any:
    """Waiting past its time: a minute late already means that the clock does not run."""
    return (T.state == TimerState.waiting) & (T.due_at < clock.now())


def what(row: TimerRow) -> str:
    """`Hold: age alarm`."""
    noun = MACHINE_WORDS.get(row.machine, row.machine.replace("_", " "))
    return f"{noun}: {row.event.replace('_', ' ')}".capitalize()


def becomes(row: TimerRow) -> str:
    """`becomes Frozen`, or nothing for a machine that is gone."""
    return next((f"becomes {one.target.value}" for one in _moves(row)), "")


def _moves(row: TimerRow) -> list[Move]:
    moves = MACHINES[row.machine].moves if row.machine in MACHINES else ()
    return [one for one in moves if one.event == row.event and one.source.name == row.from_state]


class TimerView(ConsoleView):
    """A waiting timer that is late means that the clock does not run; one that was put off says why."""

    datamodel = Interface(T)
    resource, label, group, icon, nouns = "Timer", "Timers due", "Platform", "hourglass", "timers"
    route_base = "/timers"
    landing = {"state": ["waiting"]}
    search = (T.machine, T.event, T.subject_id)
    columns = (
        Column("event", "What happens", "title", get=what, sub=becomes, order=T.event,
               slot="title", width="l"),
        Column("subject", "To", get=lambda t: getattr(t, "subject", None) or drawing.code(str(t.subject_id)[-12:]),
               width="m", slot="meta"),
        Column("from_state", "While", get=lambda t: _state(t.machine, t.from_state), width="ml", prio=2),
        Column("state", "State", "status", order=T.state, width="m", slot="status"),
        Column("due_at", "Due", "due", get=lambda t: t.due_at if t.state is TimerState.waiting else None,
               order=T.due_at, width="s", slot="due"),
        Column("rearmed", "Put off", "number", order=T.rearmed, sub=lambda t: t.last_refusal[:60], width="l", prio=3),
    )  # fmt: skip
    facets = (
        EnumFacet("state", "State", T.state, "list-check"),
        TestFacet("late", "Late", {"yes": Test("Past its time", late)}, "clock"),
        TestFacet(
            "put_off",
            "Put off",
            {"yes": Test("Refused, and set again", lambda: (T.state == TimerState.waiting) & (T.last_refusal != ""))},
            "rotate-clockwise",
        ),
    )
    tabs = (
        Tab("Waiting", {"state": ["waiting"]}, counted=True),
        Tab("Late", {"late": ["yes"]}, counted=True, tone="danger"),
        Tab("Put off", {"put_off": ["yes"]}, counted=True, tone="warning"),
        Tab("All"),
    )

    def waiting(self) -> Any:
        return counted(T, late())

    def duties(self) -> Sequence[Duty]:
        return (
            Duty("Timers past their time: the clock may not run", "read", counted(T, late()), {"late": ["yes"]}, True),
        )

    def first_order(self) -> tuple[Any, ...]:
        return (sa.case((T.state == TimerState.waiting, 0), else_=1), T.due_at.asc())

    def enrich(self, rows: Sequence[Any]) -> None:
        found = subjects(self.datamodel.session(), {row.subject_id for row in rows})
        for row in rows:
            row.subject = _link(row.machine, *found[row.subject_id]) if row.subject_id in found else None

    def sections(self, row: TimerRow) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        self.enrich([row])
        guards = dict.fromkeys(one.guard for one in _moves(row) if one.guard)
        return [
            (
                "Timer",
                [
                    ("What happens", f"{what(row)}, {becomes(row)}"),
                    ("If", ", ".join(guards) or drawing.NONE),
                    ("To", getattr(row, "subject", None) or drawing.code(str(row.subject_id))),
                    ("While", _state(row.machine, row.from_state)),
                    ("State", drawing.status(row.state)),
                    ("Due", drawing.when(row.due_at)),
                    ("Fired", drawing.when(row.fired_at)),
                    ("Put off", drawing.plain(row.rearmed)),
                    ("Last refusal", drawing.plain(row.last_refusal)),
                ],
            )
        ]


def _link(machine: str, name: str, key: UUID) -> Markup:
    """Whoever reads timers reads these screens too (security/roles.py)."""
    return Markup('<a href="{}">{}</a>').format(url_for(f"{SCREENS[machine]}.show", pk=key), name)


def subjects(session: Session, ids: Iterable[UUID]) -> dict[UUID, tuple[str, UUID]]:
    """What each of these is called and the key of the page that shows it, in one statement; unknown ones are absent."""
    wanted = list(ids)
    own = sa.select(Order.id, Order.reference, Order.id)
    parts = [
        own.where(Order.id.in_(wanted)),
        *(
            sa.select(noun.id, Order.reference, noun.order_id if noun is Escrow else noun.id)
            .join(Order, Order.id == noun.order_id)
            .where(noun.id.in_(wanted))
            for noun in (Escrow, Refund, Dispute, Chargeback)
        ),
        sa.select(WebhookInbox.id, WebhookInbox.event_type, WebhookInbox.id).where(WebhookInbox.id.in_(wanted)),
    ]
    return {key: (str(name), page) for key, name, page in session.execute(sa.union_all(*parts))}


def waiting_for(session: Session, ids: Iterable[UUID]) -> Sequence[TimerRow]:
    """What will happen to these by itself, soonest first."""
    query = sa.select(T).where(T.subject_id.in_(list(ids)), T.state == TimerState.waiting)
    return session.scalars(query.order_by(T.due_at)).all()


def _state(machine: str, name: str) -> str:
    members = MACHINES[machine].states.__members__ if machine in MACHINES else {}
    return str(members[name].value) if name in members else name
