"""State machines: an enum of states, a table of moves, and `move_to`, the only way a state changes.

A member's name is its state (`held`), its value is what people read (`Held`). A guard is a named predicate that the
services register; a timer is a row (models/platform/timer.py). Each table of moves stands beside its noun.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, object_session

from models.actor import Actor, ActorKind
from models.errors import IllegalMove, NotAllowed
from models.platform.transition import Transition
from models.types import utc_now

MACHINES: dict[str, Machine] = {}


@dataclass(frozen=True, slots=True)
class Timer:
    """When a move happens by itself: `after` a span counted from entering the state (or from the moment in column
    `since`), or `at` the moment in a column (UTC)."""

    after: timedelta | None = None
    since: str | None = None
    at: str | None = None

    def due(self, row: object, entered: datetime) -> datetime | None:
        """The moment in UTC, or None while the column it counts from is empty."""
        if self.at is not None:
            moment: datetime | None = getattr(row, self.at)
            return moment
        start: datetime | None = getattr(row, self.since) if self.since else entered
        return None if start is None or self.after is None else start + self.after


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a machine's table. `guard` is a sentence for the reader; its predicate is registered by name."""

    source: Enum
    event: str
    target: Enum
    who: frozenset[ActorKind]
    guard: str = ""
    timer: Timer | None = None


def move(source: Enum, event: str, target: Enum, who: str, guard: str = "", *, timer: Timer | None = None) -> Move:
    """A row as it reads on paper: `move(S.held, "freeze", S.frozen, "system", "dispute opened")`; parties: a|b."""
    return Move(source, event, target, frozenset(ActorKind(part) for part in who.split("|")), guard, timer)


@dataclass(frozen=True)
class Machine:
    """A named table of moves. `terminal` states have no way on; `reopen` are terminal states that late news may undo;
    `owned` are resting states without a timer, each with the queue of the people who must act."""

    name: str
    states: type[Enum]
    initial: Enum
    terminal: frozenset[Enum]
    moves: tuple[Move, ...]
    reopen: frozenset[Enum] = frozenset()
    owned: tuple[tuple[Enum, str], ...] = ()

    def __post_init__(self) -> None:
        MACHINES[self.name] = self

    def find(self, source: Enum, event: str) -> Move | None:
        """The one move, or None: a table never holds two for the same state and event."""
        return next((m for m in self.moves if m.source is source and m.event == event), None)

    def leaving(self, source: Enum) -> Iterator[Move]:
        """Every move out of a state, in the table's order."""
        return (m for m in self.moves if m.source is source)


class Lifecycle:
    """Mixin for a noun with a state. The subclass sets `machine`; nothing else writes `state`."""

    machine: ClassVar[Machine]
    if TYPE_CHECKING:
        id: Mapped[UUID]

    state_entered_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=utc_now)
    version: Mapped[int] = mapped_column(sa.Integer, default=1, server_default="1")

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805  SQLAlchemy calls it on the class
        return {"version_id_col": cls.version}

    @declared_attr
    def state(cls) -> Mapped[Any]:  # noqa: N805
        return mapped_column(state_column(cls.machine.states, cls.machine.name), default=cls.machine.initial)

    def legal(self, event: str, kind: ActorKind) -> Move:
        """The move `event` names from here. Raises IllegalMove, or NotAllowed when it is another party's."""
        found = self.machine.find(self.state, event)
        if found is None:
            noun, act = self.machine.name.replace("_", " "), event.replace("_", " ")
            raise IllegalMove(f"This {noun} is {self.state.value.lower()}: {act} is not possible now.")
        if kind not in found.who:
            raise NotAllowed(f"Only the {' or the '.join(sorted(found.who))} can do this.")
        return found

    def move_to(
        self, event: str, *, actor: Actor, at: datetime, reason: str = "", detail: dict[str, Any] | None = None
    ) -> Transition:
        """Checks legality, changes the state, writes the history row. Only `app.services.platform.machine` calls it."""
        found = self.legal(event, actor.kind)
        row = Transition(
            machine=self.machine.name,
            subject_id=self.id,
            event=event,
            from_state=self.state.name,
            to_state=found.target.name,
            actor_kind=actor.kind.value,
            actor_user_id=actor.user_id,
            actor_organisation_id=actor.organisation_id,
            actor_name=actor.name,
            request_id=actor.request_id,
            reason=reason,
            detail=detail or {},
            at=at,
        )
        if found.target is not self.state:  # a move that stays does not make the state begin again, nor its timers
            self.state = found.target
            self.state_entered_at = at
        session = object_session(self)
        if session is None:
            raise RuntimeError("move_to needs a row that belongs to a session")
        session.add(row)
        return row


def state_column(states: type[Enum], name: str) -> sa.Enum:
    """A column that stores the member's name as text, checked by the database."""
    return sa.Enum(states, name=f"{name}_state", native_enum=False, create_constraint=True, length=40)
