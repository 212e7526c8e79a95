"""A list as a CSV file: the rows it shows under its filters, all pages, with its columns.

Streamed in constant memory through a cursor of the database. Who took what, and how many rows they got, is in the audit
trail: once before the first row leaves, once after the last.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from contextvars import copy_context
from itertools import chain
from typing import TYPE_CHECKING, Any

from flask import Response
from sqlalchemy.orm import Session

from app import audit_trail
from app.services.platform import clock
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from reports.layout import spreadsheet
from views.columns import Column
from views.listing import chunks, shown
from views.moments import local

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from views.base import ConsoleView

Rows = Generator[Sequence[Any], None, None]
SEARCH = "q"
"""What somebody typed may be a name: in the trail it lies where it can be erased."""


def of_list(view: ConsoleView, args: MultiDict[str, str], *, actor: Actor) -> Response:
    """Every row that the list has under these query parameters, in its order, as the columns it shows."""

    columns = shown(view, args)

    def rows(_session: Session) -> Rows:
        with closing(chunks(view, args)) as found:
            for row in chain.from_iterable(found):
                yield [cell for column in columns for cell in _cells(column, row)]

    head = [label for column in columns for label in _labels(column)]
    asked = {name: values for name, values in args.lists() if name not in {"after", "before", "at", "count", "rows"}}
    return answer(view.route_base.rpartition("/")[2], view.resource, head, rows, asked=asked, actor=actor)


def answer(
    name: str,
    what: str,
    head: Sequence[str],
    rows: Callable[[Session], Rows],
    *,
    asked: Mapping[str, Any],
    actor: Actor,
) -> Response:
    """A download of `rows`, read while they are sent, in a session of their own: the request's has ended by then.

    `what` is the screen's resource and `asked` its filters, both for the audit trail.
    """
    _note(what, actor, "export.begin", {k: v for k, v in asked.items() if k != SEARCH}, asked.get(SEARCH))
    source = _counted(what, head, rows, actor)
    made = Response(_in_this_context(source), content_type=spreadsheet.MEDIA_TYPE)
    made.headers.set("Content-Disposition", "attachment", filename=f"{name}-{local(clock.real()):%Y-%m-%d}.csv")
    made.headers["Cache-Control"] = "private, no-store"
    return made


def _counted(what: str, head: Sequence[str], rows: Callable[[Session], Rows], actor: Actor) -> Rows:
    taken, whole = 0, False
    try:
        yield head
        with session_scope() as session, closing(rows(session)) as found:
            for row in found:
                taken += 1
                yield row
        whole = True
    finally:  # also when the reader went away, or the database did
        with session_scope():
            _note(what, actor, "export.end", {"rows": taken, "complete": whole}, None)


def _note(what: str, actor: Actor, verb: str, facts: Mapping[str, Any], search: Any) -> None:
    with unit_of_work(actor, verb=verb) as session:
        audit_trail.note(session, "export", what, facts, {"search": search} if search else {})


def _in_this_context(source: Rows) -> Iterator[bytes]:
    """Each piece is made in the context of this request, whoever asks for it: session scopes live there."""
    context = copy_context()
    pieces = spreadsheet.encoded(source)

    def sent() -> Iterator[bytes]:
        try:
            while (piece := context.run(next, pieces, None)) is not None:
                yield piece
        finally:
            context.run(source.close)

    return sent()


def _labels(column: Column) -> list[str]:
    labels = [column.label, f"{column.label}, currency"] if column.kind == "money" else [column.label]
    return [*labels, f"{column.label}, detail"] if column.sub else labels


def _cells(column: Column, row: Any) -> list[Any]:
    value = column.value(row)
    cells = [value]
    if column.kind == "money":
        cells = [spreadsheet.money(value), "" if value is None else getattr(row, "currency", "GBP")]
    return [*cells, column.sub(row)] if column.sub else cells
