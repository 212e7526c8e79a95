"""Timers as rows: armed when a state is entered, claimed when due, set again when their guard says no."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.outbox import send
from app.services.platform import clock
from models.actor import Actor
from models.base import Base
from models.errors import Refused
from models.lifecycle import Lifecycle
from models.platform.outbox_message import OutboxMessage
from models.platform.timer import TimerRow, TimerState

AGAIN = timedelta(hours=1)
"""A timer whose guard fails is set again by this much, never dropped."""
Handler = Callable[..., Any]
First = Callable[[Session, Any], Base | None]
"""(session, subject as read and not locked) -> the row that is locked before it, or None."""
_handlers: dict[tuple[str, str], Handler] = {}
_firsts: dict[tuple[str, str], First] = {}


def on_timer(machine: str, event: str, first: First | None = None) -> Callable[[Handler], Handler]:
    """Registers the verb (session, row, *, actor) that a timer's event calls.

    A verb that locks more than its subject says with `first` which row every other verb locks before that subject
    (a hold's order): taken in the other order, a timer and a button would wait for each other.
    """

    def register(verb: Handler) -> Handler:
        _handlers[machine, event] = verb
        if first is not None:
            _firsts[machine, event] = first
        return verb

    return register


def handled() -> frozenset[tuple[str, str]]:
    """The (machine, event) pairs that have a verb; a house test holds them against the machines."""
    return frozenset(_handlers)


def rearm(session: Session, row: Lifecycle) -> None:
    """Makes the waiting timers of `row` those of its present state; one that already waits follows its column."""
    wanted = {m.event: m.timer.due(row, row.state_entered_at) for m in row.machine.leaving(row.state) if m.timer}
    waiting = session.scalars(_waiting().where(TimerRow.machine == row.machine.name, TimerRow.subject_id == row.id))
    for present in waiting.all():
        if present.from_state == row.state.name and wanted.get(present.event) is not None:
            present.due_at = wanted.pop(present.event)  # type: ignore[assignment]
        else:
            present.state = TimerState.cancelled
    session.flush()
    for event, due in wanted.items():
        if due is not None:
            session.add(_row(row, event, due))
    session.flush()


def claim_due(session: Session, limit: int = 200) -> int:
    """Asks for a job per timer that is due; answers how many. The job does the rest, once per arming."""
    asked = sa.exists().where(OutboxMessage.key == sa.func.concat("timer:", TimerRow.id, ":", TimerRow.rearmed))
    due = _waiting().where(TimerRow.due_at <= clock.now(), ~asked).order_by(TimerRow.due_at).limit(limit)
    rows = session.scalars(due.with_for_update(skip_locked=True)).all()
    for row in rows:
        send(session, "platform.timer.fire", key=f"timer:{row.id}:{row.rearmed}", payload={"timer_id": row.id})
    return len(rows)


def fire(session: Session, timer_id: int) -> None:
    """Does what the timer says if its subject is still where it was; a late timer does nothing."""
    row = session.get(TimerRow, timer_id)
    if row is None:
        return
    # the subject before the timer, as every verb does: in the other order a timer and a button wait for each other
    subject = _locked_subject(session, row)
    session.refresh(row, with_for_update=True)
    if row.state is not TimerState.waiting:
        return
    if row.due_at > clock.now():
        row.rearmed += 1  # this asking is used up: moved, or a clock ahead of ours; when due it is asked for anew
        return
    if subject is None or subject.state.name != row.from_state:
        row.state = TimerState.cancelled
        return
    try:
        with session.begin_nested():
            _handlers[row.machine, row.event](session, subject, actor=Actor.system("timer"))
    except Refused as refusal:
        session.refresh(row)
        row.due_at, row.rearmed, row.last_refusal = clock.now() + AGAIN, row.rearmed + 1, str(refusal)
        return
    session.refresh(row)
    row.state, row.fired_at = TimerState.fired, clock.now()


def _locked_subject(session: Session, row: TimerRow) -> Any:
    noun, first = subjects()[row.machine], _firsts.get((row.machine, row.event))
    if first and (seen := session.get(noun, row.subject_id)):
        if before := first(session, seen):
            session.refresh(before, with_for_update=True)
        session.expire(seen)  # whoever held the row before may have changed the subject
    return session.get(noun, row.subject_id, with_for_update=True)


def subjects() -> dict[str, type[Any]]:
    """The class of each machine's noun."""
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    return {c.machine.name: c for c in classes if issubclass(c, Lifecycle)}


def _waiting() -> sa.Select[TimerRow]:
    return sa.select(TimerRow).where(TimerRow.state == TimerState.waiting)


def _row(row: Lifecycle, event: str, due: Any) -> TimerRow:
    return TimerRow(
        machine=row.machine.name,
        subject_id=row.id,
        event=event,
        from_state=row.state.name,
        due_at=due,
        state=TimerState.waiting,
    )
