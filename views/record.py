"""Records with a life: the state as a stepper, the legal moves as buttons, refused ones with their reason, and history.

No form edits a state. A move is a POST that calls one verb in a unit of work; a move that came too late answers 409 on
the record itself, with the sentence that says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.services.platform import machine
from app.services.platform.idempotency_key import IdempotencyMismatch, once
from app.unit_of_work import unit_of_work
from models.actor import ActorKind
from models.errors import Invalid, Refused
from models.lifecycle import MACHINES
from models.platform.timer import TimerRow, TimerState
from models.platform.transition import Transition
from views.base import ConsoleView, operator
from views.form_key import keep_key
from views.interface import refusal

LONGEST_REASON = 4000


@dataclass(frozen=True)
class Ask:
    """Something a move wants to know. `choices` (value, label) make it a list; `kind` is the input's type."""

    name: str
    label: str
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    kind: str = "textarea"
    needed: bool = True


@dataclass(frozen=True)
class Verb:
    """One move as staff see it. `permission` is its verb in security/permissions.py; `call` is the service's verb,
    called as `call(session, row, actor=…, <answers by name>)`. `consequence` is what happens, in one line.

    One with a page of its own has no `call` but `page`, the endpoint (given `pk`) where it is worked out and done;
    `resource` says whose permission it is when that page belongs to another screen."""

    event: str
    label: str
    permission: str
    call: Callable[..., Any] | None
    consequence: str
    icon: str = "check"
    tone: str = ""
    asks: tuple[Ask, ...] = ()
    key: str = ""
    page: str = ""
    resource: str = ""
    sure: bool = False
    """Asks once more before it is done; what is dangerous always does."""


REASON = Ask("reason", "Reason", "Kept in the history, and shown to whom it concerns.")


@dataclass(frozen=True)
class Step:
    """One stage of the stepper: done, current, todo or failed."""

    label: str
    state: str
    at: datetime | None = None


@dataclass(frozen=True)
class Offer:
    """A verb with the sentence that refuses it now (empty: it can be pressed)."""

    verb: Verb
    refusal: str


@dataclass(frozen=True)
class Moved:
    """One line of history."""

    who: str
    what: str
    before: str
    after: str
    reason: str
    at: datetime
    tone_of: Enum | None


@dataclass(frozen=True)
class Elsewhere:
    """A legal move that somebody else makes; `due` is the moment it happens by itself (UTC)."""

    event: str
    leads_to: str
    who: str
    guard: str
    due: datetime | None


PARTIES = {"buyer": "customer", "seller": "provider", "operator": "staff", "system": "by itself", "psp": "payments"}


class RecordView(ConsoleView):
    """A screen over a model with a machine. `road` is the usual way through its states, for the stepper."""

    verbs_of: ClassVar[tuple[Verb, ...]] = ()
    road: ClassVar[tuple[Enum, ...]] = ()
    covered: ClassVar[frozenset[str]] = frozenset()
    """Events that a verb with another name makes."""
    show_template = "console/record.html"
    include_route_methods: ClassVar[set[str]] = {"list", "show", "move"}

    def __init__(self) -> None:
        own = {verb.permission for verb in self.verbs_of if not verb.resource}
        self.verbs = tuple(sorted({*self.verbs, *own}))  # type: ignore[misc]
        super().__init__()

    def record(self, row: Any, status: int = 200) -> ResponseReturnValue:
        past = history(self.datamodel.session(), row)
        page = self.render_template(
            self.show_template,
            view=self,
            item=row,
            pk=self.key(row),
            title=self.heading(row),
            reference=self.reference(row),
            steps=self.steps(row, past),
            offers=self.offers(row),
            past=past,
            others=self.others(row),
            **self.more(row),
        )
        return page, status

    def reference(self, row: Any) -> str:
        """The short name people say on the phone."""
        return str(self.key(row))[-12:]

    def facts(self, row: Any) -> Sequence[tuple[str, Any]]:
        """Key facts for the rail: (label, drawn value)."""
        return [(column.label, column.cell(row)) for column in self.columns[1:]]

    def more(self, row: Any) -> dict[str, Any]:  # noqa: ARG002
        """What the screen's own template needs besides."""
        return {}

    def story(self, past: Sequence[Transition]) -> list[Moved]:
        """History in words."""
        return story(self.datamodel.session(), past)

    def others(self, row: Any) -> list[Elsewhere]:
        """Moves out of the present state that are not a button here: the parties make them, or the clock."""
        session = self.datamodel.session()
        due = sa.select(TimerRow.event, TimerRow.due_at).where(
            TimerRow.subject_id == row.id, TimerRow.state == TimerState.waiting
        )
        moments = {event: moment for event, moment in session.execute(due)}  # noqa: C416  Rows are no pairs to mypy
        here = {verb.event for verb in self.verbs_of if self.allows(verb)} | self.covered
        return [
            Elsewhere(
                move.event.replace("_", " "),
                str(move.target.value),
                ", ".join(PARTIES[kind.value] for kind in sorted(move.who)),
                move.guard,
                moments.get(move.event),
            )
            for move in row.machine.leaving(row.state)
            if move.event not in here
        ]

    def offers(self, row: Any) -> list[Offer]:
        """The verbs this person has, open ones first. A verb the state does not offer is left out."""
        open_now = self.open_moves(row)
        found = [
            Offer(verb, open_now[verb.event]) for verb in self.verbs_of if verb.event in open_now and self.allows(verb)
        ]
        return sorted(found, key=lambda offer: bool(offer.refusal))

    def allows(self, verb: Verb) -> bool:
        """Whether the person who is signed in has this verb."""
        return bool(self.appbuilder.sm.may(verb.resource or self.resource, verb.permission))

    def open_moves(self, row: Any) -> dict[str, str]:
        """What staff can do from here, by event, each with the sentence that refuses it now (empty: it is open). A
        screen adds what is no move of the machine."""
        found = machine.choices(self.datamodel.session(), row, ActorKind.operator, **self.arguments(row))
        return {one.move.event: one.refusal for one in found}

    def arguments(self, row: Any) -> dict[str, Any]:  # noqa: ARG002
        """What the guards of this machine want to know of whoever asks."""
        return {"by": current_user.id}

    def road_of(self, row: Any) -> tuple[Enum, ...]:  # noqa: ARG002
        """The usual way for this row; a screen may have another for a row that waits beside it."""
        return self.road

    def steps(self, row: Any, past: Sequence[Transition]) -> list[Step]:
        """The road with what is behind, the place where the row stands, and what is to come."""
        entered = {row.machine.initial.name: row.created_at, **{one.to_state: one.at for one in past}}
        state, road = row.state, self.road_of(row)
        if state in road:
            here = road.index(state)
            ended = state in row.machine.terminal or not any(row.machine.leaving(state))
            kinds = [
                "done" if i < here or (i == here and ended) else "current" if i == here else "todo"
                for i in range(len(road))
            ]
            return [Step(str(s.value), kind, entered.get(s.name)) for s, kind in zip(road, kinds, strict=True)]
        walked = [s for s in road if s.name in entered or s is row.machine.initial]
        stopped = "done" if state in row.machine.terminal and state.name in WELL else "failed"
        return [
            *(Step(str(s.value), "done", entered.get(s.name)) for s in walked),
            Step(str(state.value), stopped, entered.get(state.name)),
        ]

    @expose("/move/<event>/<pk>", methods=["POST"])
    @has_access
    def move(self, event: str, pk: str) -> ResponseReturnValue:
        """One move, once for the key of its form. The row is read through the row filters inside the transaction that
        changes it."""
        verb = next((v for v in self.verbs_of if v.event == event), None)
        if verb is None or (call := verb.call) is None:
            abort(404)
        self.demand(verb.permission)
        self.row(pk)
        try:
            answers = _answers(verb)
            with unit_of_work(operator(), reason=self.on_the_trail(answers)) as session:
                row, asked = self.row(pk), {"event": event, "pk": str(pk), **answers}

                def command() -> dict[str, str]:
                    call(session, row, actor=operator(), **answers)
                    return {"state": self.outcome(row)}

                once(session, f"console.{self.resource}", request.form.get("key", ""), asked, command)
        except Refused as refused:
            return self._refused(pk, refused)
        except SQLAlchemyError as error:
            return self._refused(pk, refusal(error))
        flash(f"{verb.label}: done", "success")
        return redirect(self.after(pk), 303)

    def outcome(self, row: Any) -> str:
        """What a repeated form is answered with."""
        return str(row.state.name)

    def on_the_trail(self, answers: Mapping[str, str]) -> str:
        """The reason that is sealed with every row of the move; a screen that keeps it where it can be erased has none
        here."""
        return answers.get("reason", "")

    def after(self, pk: str) -> str:
        """Where a move leads: back to the record."""
        return url_for(f"{self.endpoint}.show", pk=pk)

    def _refused(self, pk: str, refused: Refused) -> ResponseReturnValue:
        if not isinstance(refused, IdempotencyMismatch):  # what is still being done must be found again
            keep_key(str((request.view_args or {}).get("event")), request.form.get("key", ""))
        words = [str(refused), *(refused.fields.values() if isinstance(refused, Invalid) else ())]
        flash(" ".join(dict.fromkeys(words)), "danger")
        return self.record(self.row(pk), refused.status)


def _answers(verb: Verb) -> dict[str, str]:
    answers, missing = {}, {}
    for ask in verb.asks:
        text = request.form.get(ask.name, "").strip()[:LONGEST_REASON]
        if ask.needed and not text:
            missing[ask.name] = f"{ask.label} is needed."
        if ask.choices and text and text not in {value for value, _ in ask.choices}:
            missing[ask.name] = f"{ask.label}: choose one from the list."
        answers[ask.name] = text
    if missing:
        raise Invalid(f"{verb.label} was not done.", missing)
    return answers


def history(session: Session, row: Any) -> list[Transition]:
    """Every move of one row, oldest first."""
    mine = sa.select(Transition).where(Transition.machine == row.machine.name, Transition.subject_id == row.id)
    return list(session.scalars(mine.order_by(Transition.id)))


def story(session: Session, past: Sequence[Transition]) -> list[Moved]:
    """History in words, newest first. One statement for the names of everyone in it."""
    names = names_of(session, (one.actor_user_id for one in past))
    several = len({one.machine for one in past}) > 1
    return [_told(one, names, several=several) for one in sorted(past, key=lambda t: (t.at, t.id), reverse=True)]


def names_of(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """The names of these people, in one statement."""
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    found = session.execute(sa.select(User.id, User.first_name, User.last_name).where(User.id.in_(wanted)))
    return {ident: f"{first} {last}" for ident, first, last in found}


def _told(one: Transition, names: Mapping[int, str], *, several: bool) -> Moved:
    states = MACHINES[one.machine].states.__members__
    who = names.get(one.actor_user_id or 0) or AUTHORS.get(one.actor_kind) or one.actor_name or one.actor_kind
    what = one.event.replace("_", " ")
    if several:
        what = f"{MACHINE_WORDS.get(one.machine, one.machine.replace('_', ' '))}: {what}"
    before, after = (str(states[s].value) if s in states else s for s in (one.from_state, one.to_state))
    return Moved(who, what, before, after, one.reason, one.at, states.get(one.to_state))


WELL = frozenset({"completed", "settled", "settled_manually"})
"""Ends off the road that are good ones."""
AUTHORS = {"system": "Fixnado", "psp": "Payment provider"}
"""Who acted where no person did."""
MACHINE_WORDS = {"escrow": "hold"}
"""What a machine is called in a sentence, where its own name is not what people say."""
