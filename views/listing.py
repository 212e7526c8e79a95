"""One page of a list: narrowed, ordered, counted. Two statements, whatever the rows."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Query
from werkzeug.datastructures import MultiDict

from views.columns import LONGEST_SEARCH, Column, Facet, Tab, matching

if TYPE_CHECKING:
    from views.base import ConsoleView

SIZES = (25, 50, 100)
CHUNK = 500
"""So many rows of an export are in memory at once."""


@dataclass(frozen=True)
class Page:
    """What the list template draws. `number` counts from 1."""

    rows: Sequence[Any]
    keys: Sequence[Any]
    count: int
    number: int
    size: int
    order: str
    descending: bool
    words: str
    chosen: dict[str, list[str]]

    @property
    def first(self) -> int:
        """The place of its first row, from 1."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """The place of its last row."""
        return min(self.number * self.size, self.count)

    @property
    def asked(self) -> dict[str, Any]:
        """The query parameters that lead to all of its rows again, in the same order."""
        order = {"order": f"-{self.order}" if self.descending else self.order} if self.order else {}
        return {**({"q": self.words} if self.words else {}), **self.chosen, **order}

    @property
    def is_narrowed(self) -> bool:
        """Whether something keeps rows out."""
        return bool(self.words or self.chosen)


def page_of(view: ConsoleView, args: MultiDict[str, str]) -> Page:
    """Reads the query parameters `q`, `order` (`-name` for descending), `page`, `rows` and one per facet."""
    words, chosen = _narrowing(view, args)
    query = narrow(view, view.narrowed(), words, chosen)
    count: int = counting(view, query).scalar() or 0
    size = _whole(args.get("rows"), view.page_size, 1, view.max_page_size)
    number = _whole(args.get("page"), 1, 1, max(1, -(-count // size)))
    order, descending, by = _order(view, args.get("order", ""))
    rows = query.options(*view.datamodel.eager).order_by(*by).limit(size).offset((number - 1) * size).all()
    keys = [view.key(row) for row in rows]
    return Page(rows, keys, count, number, size, order, descending, words, chosen)


def chunks(view: ConsoleView, args: MultiDict[str, str]) -> Generator[Sequence[Any], None, None]:
    """All rows under the same parameters, whatever the page, in their order: a few at a time through a cursor."""
    query = narrow(view, view.narrowed(), *_narrowing(view, args))
    every = query.options(*view.datamodel.eager).order_by(*_order(view, args.get("order", ""))[2]).statement
    with view.datamodel.session.execute(every, execution_options={"yield_per": CHUNK}) as found:
        for rows in found.scalars().partitions():
            view.enrich(rows)
            yield rows


def _narrowing(view: ConsoleView, args: MultiDict[str, str]) -> tuple[str, dict[str, list[str]]]:
    words = args.get("q", "").strip()[:LONGEST_SEARCH]
    return words, {facet.name: values for facet in view.facets if (values := args.getlist(facet.name))}


def narrow(view: ConsoleView, query: Query[Any], words: str, chosen: dict[str, list[str]]) -> Query[Any]:
    """The query with the search words and the facets applied."""
    by_name: dict[str, Facet] = {facet.name: facet for facet in view.facets}
    if words and view.search:
        query = query.filter(matching(words, view.search))
    for name, values in chosen.items():
        query = query.filter(by_name[name].narrow(values))
    return query


def counting(view: ConsoleView, query: Query[Any]) -> Query[Any]:
    """`SELECT count(key)` of a query's rows; counting nothing in particular would lose the table."""
    return query.order_by(None).with_entities(sa.func.count(view.datamodel.obj.__mapper__.primary_key[0]))


def tab_counts(view: ConsoleView, tabs: Sequence[Tab]) -> dict[str, int]:
    """How many rows each tab has, all in one statement."""
    if not tabs:
        return {}
    selects = []
    for tab in tabs:
        query = narrow(view, view.narrowed(), "", tab.args)
        selects.append(counting(view, query).scalar_subquery())
    counts = view.datamodel.session.execute(sa.select(*selects)).one()
    return dict(zip((tab.label for tab in tabs), counts, strict=True))


def _order(view: ConsoleView, asked: str) -> tuple[str, bool, tuple[Any, ...]]:
    """Only columns that are on the page and say that they sort; the key comes last, so that pages do not overlap."""
    key = view.datamodel.obj.__mapper__.primary_key[0]
    name, descending = asked.removeprefix("-"), asked.startswith("-")
    found: Column | None = next((c for c in view.columns if c.name == name and c.order is not None), None)
    if found is not None:
        return name, descending, (found.order.desc() if descending else found.order.asc(), key.desc())
    return "", True, (*view.first_order(), key.desc())


def _whole(text: str | None, otherwise: int, least: int, most: int) -> int:
    """A whole number from the address, kept within its bounds; anything else is the default."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise  # noqa: PLR2004
    return max(least, min(number, most))
