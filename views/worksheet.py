"""A page on which somebody types figures, sees what they come to, and only then does it. It needs no script.

The first sending answers with the outcome under the form; the second does it, if what was typed still comes to the
outcome that was seen. Whatever is refused comes back with everything that was typed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.services.platform.idempotency_key import IdempotencyMismatch, once
from app.unit_of_work import unit_of_work
from models.errors import Conflict, Refused
from views.base import ConsoleView, explain, operator
from views.form_key import keep_key
from views.interface import refusal

FORM = "sheet"
CHANGED = "What it comes to has changed since you looked. Read it again."


@dataclass(frozen=True)
class Section:
    """A part of the form: its heading, what it is for, and the names of its fields."""

    heading: str
    fields: Sequence[str]
    help: str = ""


@dataclass(frozen=True)
class Sheet:
    """`reckon(session)` answers what the form comes to and writes nothing; None where there is nothing to reckon.
    `carry_out(session, outcome)` calls the verb and answers the address that follows. Both may raise Refused.

    `lock` takes the row that the verb locks first, before the outcome is reckoned again: other locks come after it.

    `do` is the verb on the button, `done` what is said afterwards, `why` the field whose text is the audit's reason.
    """

    view: ConsoleView
    form: Any
    title: str
    trail: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    do: str
    done: str
    carry_out: Callable[[Session, Any], str]
    reckon: Callable[[Session], Any] | None = None
    lock: Callable[[Session], None] | None = None
    template: str = "console/worksheet.html"
    why: str = "reason"
    tone: str = "primary"
    lede: str = ""
    words: dict[str, Any] = field(default_factory=dict)

    @property
    def back(self) -> str:
        """Where somebody goes who thinks better of it."""
        return self.trail[-1][1]


def mark(outcome: Any) -> str:
    """Names an outcome; another outcome has another name."""
    return hashlib.sha256(repr(outcome).encode()).hexdigest()[:32]


def worked(sheet: Sheet) -> ResponseReturnValue:
    """The page, its outcome, or the way on once it is done."""
    if request.method != "POST":
        return _page(sheet, None, 200)
    if not sheet.form.validate():
        _keep()
        return _page(sheet, None, 422)
    doing = request.form.get("step") == "do" or sheet.reckon is None
    try:
        if doing:
            address = _done(sheet)
            flash(sheet.done, "success")
            return redirect(address, 303)
        outcome = _outcome(sheet)
    except Refused as refused:
        return _refused(sheet, refused, doing=doing)
    except SQLAlchemyError as error:
        return _refused(sheet, refusal(error), doing=doing)
    _keep()
    return _page(sheet, outcome, 200)


def _done(sheet: Sheet) -> str:
    seen = request.form.get("seen", "")
    reason = str(sheet.form.data.get(sheet.why) or "").strip()
    with unit_of_work(operator(), reason=reason) as session:

        def command() -> dict[str, str]:
            if sheet.lock:
                sheet.lock(session)
            outcome = sheet.reckon(session) if sheet.reckon else None
            if sheet.reckon and mark(outcome) != seen:
                raise Conflict(CHANGED)
            return {"to": sheet.carry_out(session, outcome)}

        asked = {name: request.form.getlist(name) for name in sorted(request.form) if name not in {"csrf_token", "key"}}
        scope = f"console.{sheet.view.resource}"
        answer = once(session, scope, request.form.get("key", ""), {"path": request.path, **asked}, command)
    return str(answer["to"])


def _refused(sheet: Sheet, refused: Refused, *, doing: bool) -> ResponseReturnValue:
    explain(sheet.form, refused)
    if not isinstance(refused, IdempotencyMismatch):
        _keep()
    outcome = None
    if doing:  # what was seen is no longer so, or the verb has its own objection: show what it comes to now
        with suppress(Refused):
            outcome = _outcome(sheet)
    return _page(sheet, outcome, refused.status)


def _outcome(sheet: Sheet) -> Any:
    return sheet.reckon(sheet.view.datamodel.session()) if sheet.reckon else None


def _keep() -> None:
    keep_key(FORM, request.form.get("key", ""))


def _page(sheet: Sheet, outcome: Any, status: int) -> ResponseReturnValue:
    page = sheet.view.render_template(
        sheet.template,
        view=sheet.view,
        sheet=sheet,
        form=sheet.form,
        title=sheet.title,
        outcome=outcome,
        seen=mark(outcome),
        **sheet.words,
    )
    return page, status
