"""One page of a list: narrowed, ordered, counted. Two statements, whatever the rows; three where it is very long."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Query
from sqlalchemy.sql.expression import ClauseElement, Executable
from werkzeug.datastructures import MultiDict

from views import keyset
from views.columns import LONGEST_SEARCH, Column, Facet, matching
from views.keyset import Key

if TYPE_CHECKING:
    from views.base import ConsoleView

SIZES = (25, 50, 100)
CHUNK = 500
"""So many rows of an export are in memory at once."""
COLUMNS = "cols"
MOST_VALUES = 60
COUNTED = 1000
"""A list is counted so far; what is longer is estimated, until somebody asks."""
_LARGEST = 10**9 - 1


class Explain(Executable, ClauseElement):
    """`EXPLAIN` of a statement: what the planner expects, without running it."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explain)
def _explained(element: Explain, compiler: Any, **words: Any) -> str:
    return "EXPLAIN (FORMAT JSON) " + str(compiler.process(element.statement, **words))


@dataclass(frozen=True)
class Total:
    """How many rows a list has; `about` when the planner says so and nobody has counted."""

    number: int
    about: bool = False


@dataclass(frozen=True)
class Page:
    """What the list template draws. `first` is the place of its first row, from 1: as the address says, for people to
    read; `any_of` says that one filter is enough; `hidden`, that some columns are not shown; `earlier` and `later` are
    the query parameters of the pages beside it, empty where there is none."""

    rows: Sequence[Any]
    keys: Sequence[Any]
    total: Total
    first: int
    size: int
    order: str
    descending: bool
    words: str
    chosen: dict[str, list[str]]
    any_of: bool
    columns: Sequence[Column]
    hidden: bool
    earlier: dict[str, Any]
    later: dict[str, Any]
    counts: dict[str, int]
    """Rows of each counted tab by its label; one more than COUNTED stands for all that are more."""

    @property
    def last(self) -> int:
        """The place of its last row."""
        return self.first + len(self.rows) - 1

    @property
    def asked(self) -> dict[str, Any]:
        """The query parameters that lead to all of its rows again, in the same order."""
        order = {"order": f"-{self.order}" if self.descending else self.order} if self.order else {}
        match = {"match": "any"} if self.any_of else {}
        columns = {COLUMNS: [column.name for column in self.columns]} if self.hidden else {}
        return {**({"q": self.words} if self.words else {}), **self.chosen, **match, **order, **columns}

    @property
    def is_narrowed(self) -> bool:
        """Whether something keeps rows out."""
        return bool(self.words or self.chosen)


def page_of(view: ConsoleView, args: MultiDict[str, str]) -> Page:
    """Reads the query parameters `q`, `order` (`-name` for descending), `rows`, one per facet, and where the page
    begins: `after` or `before` a row, and the number it has (`at`). `count=exact` counts a long list."""
    asked = _narrowing(view, args)
    query = narrow(view, view.narrowed(), *asked)
    columns = shown(view, args)
    size = _whole(args.get("rows"), view.page_size, 1, view.max_page_size)
    order, descending, by = _order(view, args.get("order", ""))
    keys = [Key.of(clause, view.datamodel.obj) for clause in by]
    found = _before(view, query, keys, args, size) or _after(view, query, keys, args, size)
    rows = [row for row, *_ in found.rows]
    total, counts = totals(view, query, exact=args.get("count") == "exact")
    at = _whole(args.get("at"), 1, 1, _LARGEST) if found.earlier else 1
    return Page(
        rows=rows,
        keys=[view.key(row) for row in rows],
        total=total,
        first=at,
        size=size,
        order=order,
        descending=descending,
        words=asked[0],
        chosen=asked[1],
        any_of=asked[2],
        columns=columns,
        hidden=len(columns) < len(view.columns),
        earlier={"before": keyset.token(found.rows[0][1:]), "at": max(1, at - size)} if found.earlier else {},
        later={"after": keyset.token(found.rows[-1][1:]), "at": at + len(rows)} if found.later else {},
        counts=counts,
    )


@dataclass(frozen=True)
class _Found:
    """Rows with the values of the order behind each, and whether there are some before and after them."""

    rows: Sequence[Any]
    earlier: bool
    later: bool


def _after(view: ConsoleView, query: Query[Any], keys: Sequence[Key], args: MultiDict[str, str], size: int) -> _Found:
    """The page behind a row; the first one when no row is named, or none of this order."""
    place = keyset.place(keys, args.get("after", ""))
    rows = _rows(view, query, keys, place, size + 1)
    return _Found(rows[:size], earlier=place is not None and bool(rows), later=len(rows) > size)


def _before(
    view: ConsoleView, query: Query[Any], keys: Sequence[Key], args: MultiDict[str, str], size: int
) -> _Found | None:
    """The full page before a row; None when there is no such page, so that the first one is always full."""
    place = keyset.place(keys, args.get("before", ""))
    if place is None:
        return None
    rows = _rows(view, query, [key.turned() for key in keys], place, size + 1)
    if len(rows) < size:
        return None
    return _Found(rows[:size][::-1], earlier=len(rows) > size, later=True)


def _rows(view: ConsoleView, query: Query[Any], keys: Sequence[Key], place: Any, most: int) -> list[Any]:
    if place is not None:
        query = query.filter(keyset.beyond(keys, place))
    ordered = query.options(*view.datamodel.eager).order_by(*(key.clause for key in keys))
    values = [key.column.label(f"key_{number}") for number, key in enumerate(keys)]
    return list(ordered.add_columns(*values).limit(most).all())


def totals(view: ConsoleView, query: Query[Any], *, exact: bool) -> tuple[Total, dict[str, int]]:
    """How many rows the list has and how many each counted tab. Counted up to COUNTED rows in one statement, or when
    it is wanted exactly; beyond, the planner's estimate: counting a million rows takes longer than showing 25."""
    session, tabs = view.datamodel.session, [tab for tab in view.tabs if tab.counted]
    those = [query, *(narrow(view, view.narrowed(), "", tab.args) for tab in tabs)]
    number, *counts = session.execute(sa.select(*(_counted(view, one) for one in those))).one()
    found = dict(zip((tab.label for tab in tabs), counts, strict=True))
    if number <= COUNTED:
        return Total(number), found
    if exact:
        return Total(counting(view, query).scalar() or 0), found
    plan = session.execute(Explain(query.order_by(None).with_entities(_key(view)).statement)).scalar_one()
    return Total(max(COUNTED + 1, int(plan[0]["Plan"]["Plan Rows"])), about=True), found


def chunks(view: ConsoleView, args: MultiDict[str, str]) -> Generator[Sequence[Any], None, None]:
    """All rows under the same parameters, whatever the page, in their order: a few at a time through a cursor."""
    query = narrow(view, view.narrowed(), *_narrowing(view, args))
    every = query.options(*view.datamodel.eager).order_by(*_order(view, args.get("order", ""))[2]).statement
    with view.datamodel.session.execute(every, execution_options={"yield_per": CHUNK}) as found:
        for rows in found.scalars().partitions():
            view.enrich(rows)
            yield rows


def shown(view: ConsoleView, args: MultiDict[str, str]) -> Sequence[Column]:
    """The columns somebody chose (`?cols=<name>`), in the screen's order; the first one says which row it is and stays.
    Names it does not know are passed over; without any, all of them."""
    wanted = set(args.getlist(COLUMNS)) & {column.name for column in view.columns}
    if not wanted:
        return view.columns
    return [column for place, column in enumerate(view.columns) if place == 0 or column.name in wanted]


def kept(view: ConsoleView, args: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Of an address's query parameters those that say what the list shows and how, as the list itself reads them."""
    page = MultiDict((name, value) for name, values in args.items() for value in values)
    words, chosen, any_of = _narrowing(view, page)
    order, descending, _ = _order(view, page.get("order", ""))
    columns = shown(view, page)
    return {
        **({"q": [words]} if words else {}),
        **chosen,
        **({"match": ["any"]} if any_of else {}),
        **({"order": [f"-{order}" if descending else order]} if order else {}),
        **({COLUMNS: [column.name for column in columns]} if len(columns) < len(view.columns) else {}),
    }


def _narrowing(view: ConsoleView, args: MultiDict[str, str]) -> tuple[str, dict[str, list[str]], bool]:
    words = args.get("q", "").strip()[:LONGEST_SEARCH]
    chosen = {facet.name: values for facet in view.facets if any(values := args.getlist(facet.name)[:MOST_VALUES])}
    return words, chosen, len(chosen) > 1 and args.get("match") == "any"


def narrow(
    view: ConsoleView, query: Query[Any], words: str, chosen: Mapping[str, list[str]], any_of: bool = False
) -> Query[Any]:
    """The query with the search words and the facets applied: all of them, or with `any_of` one of the facets."""
    by_name: dict[str, Facet] = {facet.name: facet for facet in view.facets}
    if words and view.search:
        query = query.filter(matching(words, view.search))
    conditions = [by_name[name].narrow(values) for name, values in chosen.items()]
    return query.filter(sa.or_(*conditions) if any_of and conditions else sa.and_(sa.true(), *conditions))


def counting(view: ConsoleView, query: Query[Any]) -> Query[Any]:
    """`SELECT count(key)` of a query's rows; counting nothing in particular would lose the table."""
    return query.order_by(None).with_entities(sa.func.count(_key(view)))


def _counted(view: ConsoleView, query: Query[Any]) -> Any:
    """A count that stops one row after COUNTED."""
    some = query.order_by(None).with_entities(_key(view)).limit(COUNTED + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _key(view: ConsoleView) -> Any:
    return view.datamodel.obj.__mapper__.primary_key[0]


def _order(view: ConsoleView, asked: str) -> tuple[str, bool, tuple[Any, ...]]:
    """Only columns that are on the page and say that they sort; the key comes last, so that pages do not overlap."""
    key = _key(view)
    name, descending = asked.removeprefix("-"), asked.startswith("-")
    found: Column | None = next((c for c in view.columns if c.name == name and c.order is not None), None)
    if found is not None:
        return name, descending, (found.order.desc() if descending else found.order.asc(), key.desc())
    return "", True, (*view.first_order(), key.desc())


def _whole(text: str | None, otherwise: int, least: int, most: int) -> int:
    """A whole number from the address, kept within its bounds; anything else is the default."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise  # noqa: PLR2004
    return max(least, min(number, most))
