"""`apply`: the one way a noun changes its state. Lock, legality, guard, history row, timers; the verb adds postings.

Guards and timers are registered here by the services that own them, so this module knows no noun.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.services.platform import clock, timer
from models.actor import Actor, ActorKind
from models.errors import GuardFailed
from models.lifecycle import Lifecycle, Move
from models.platform.transition import Transition

Guard = Callable[[Session, Any, dict[str, Any]], str | None]
"""Answers None, or the sentence that says why not. Third argument: the event's own arguments."""
_guards: dict[tuple[str, str], list[Guard]] = {}
Follower = Callable[[Session, Any, str, int], None]
"""Is told of a move in its transaction: the row, the event (`begin` for a new row), the id of the history row or 0."""
_followers: dict[tuple[str, str], list[Follower]] = {}


def guard(machine: str, *events: str) -> Callable[[Guard], Guard]:
    """Registers a predicate of events. An event may have several: the first that refuses is the answer."""

    def register(predicate: Guard) -> Guard:
        for event in events:
            _guards.setdefault((machine, event), []).append(predicate)
        return predicate

    return register


def follow(machine: str, *events: str) -> Callable[[Follower], Follower]:
    """Registers somebody who asks for what must happen next, elsewhere, because of these moves."""

    def register(follower: Follower) -> Follower:
        for event in events:
            _followers.setdefault((machine, event), []).append(follower)
        return follower

    return register


def _tell(session: Session, row: Lifecycle, event: str, moved: int) -> None:
    for follower in _followers.get((row.machine.name, event), ()):
        follower(session, row, event, moved)


def _refusal(session: Session, row: Lifecycle, event: str, arguments: dict[str, Any]) -> str | None:
    answers = (predicate(session, row, arguments) for predicate in _guards.get((row.machine.name, event), ()))
    return next(filter(None, answers), None)


def apply(
    session: Session,
    row: Lifecycle,
    event: str,
    *,
    actor: Actor,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    **arguments: Any,
) -> Transition:
    """Moves `row` and answers its history row (with its id).

    `detail` is kept in the history and must be JSON; `arguments` are only for the guard. Raises IllegalMove,
    NotAllowed or GuardFailed, and then nothing has changed.
    """
    lock(session, row)
    row.legal(event, actor.kind)
    if refusal := _refusal(session, row, event, arguments):
        raise GuardFailed(refusal)
    session.info["verb"] = f"{row.machine.name}.{event}"
    moved = row.move_to(event, actor=actor, at=clock.now(), reason=reason, detail=detail)
    session.flush()
    timer.rearm(session, row)
    _tell(session, row, event, moved.id)
    return moved


def begin(session: Session, row: Lifecycle) -> None:
    """Adds a new noun in its initial state and arms the timers of that state."""
    session.info["verb"] = f"{row.machine.name}.begin"
    row.state, row.state_entered_at = row.machine.initial, clock.now()
    session.add(row)
    session.flush()
    timer.rearm(session, row)
    _tell(session, row, "begin", 0)


def lock(session: Session, row: Lifecycle) -> None:
    """Takes the row for this transaction and reads it anew, so that the state checked is the state changed."""
    session.flush()
    session.refresh(row, with_for_update=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """A move out of the present state, and the sentence that refuses it now (empty: it is open)."""

    move: Move
    refusal: str


def choices(session: Session, row: Lifecycle, kind: ActorKind, **arguments: Any) -> list[Choice]:
    """The moves a party has from here, refused ones with their reason. Reads only; `arguments` as for `apply`."""
    return [
        Choice(move, _refusal(session, row, move.event, arguments) or "")
        for move in row.machine.leaving(row.state)
        if kind in move.who
    ]
