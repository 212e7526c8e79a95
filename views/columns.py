"""What a list shows and what it may be narrowed by: columns, facets, tabs. A screen is made of these words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from app.services.platform import clock
from views import drawing, periods
from views.moments import local

MOST_WORDS, LONGEST_SEARCH = 5, 80
KINDS: dict[str, Callable[[Any], Markup]] = {
    "text": drawing.plain,
    "title": drawing.plain,
    "number": drawing.plain,
    "status": drawing.status,
    "ago": drawing.ago,
    "when": drawing.when,
    "due": drawing.due,
    "person": drawing.person,
    "code": drawing.code,
    "yes": drawing.yes,
    "tags": lambda values: drawing.tags(list(values)),
}


@dataclass(frozen=True)
class Column:
    """`get` reads the value from a row (default: the attribute `name`), `kind` draws it, `sub` is its muted part.

    `order` is the SQL expression it is sorted by; without one it cannot be sorted, so that an order never tells what a
    hidden column holds. `slot` is its place on a phone; `prio` (1 to 3) says which columns leave a narrow list first.
    """

    name: str
    label: str
    kind: str = "text"
    get: Callable[[Any], Any] | None = None
    sub: Callable[[Any], Any] | None = None
    order: Any = None
    width: str = ""
    slot: str = "hide"
    prio: int = 1

    @property
    def numeric(self) -> bool:
        """Right-aligned."""
        return self.kind in {"money", "number"}

    def value(self, row: Any) -> Any:
        """What the row has in this column."""
        return self.get(row) if self.get else getattr(row, self.name)

    def cell(self, row: Any) -> Markup:
        """The drawn value. Money reads the row's own currency."""
        value = self.value(row)
        if self.kind == "money":
            return drawing.money(value, getattr(row, "currency", "GBP"))
        return drawing.NONE if value is None else KINDS[self.kind](value)


@dataclass(frozen=True)
class Choice:
    """One value of a facet: what stands in the address, and what people read."""

    value: str
    label: str


class Facet:
    """Something a list may be narrowed by: `?<name>=<value>&<name>=<other>` keeps the rows with any of them."""

    def __init__(self, name: str, label: str, icon: str = "filter") -> None:
        self.name, self.label, self.icon = name, label, icon

    def choices(self) -> Sequence[Choice]:
        """Every value it offers; few enough to tick."""
        raise NotImplementedError

    def narrow(self, values: list[str]) -> Any:
        """The SQL condition for these values; unknown ones match nothing."""
        raise NotImplementedError

    editor = "checks"
    """How it is chosen: ticks, or a period of two days."""

    def said(self, values: list[str]) -> Sequence[str]:
        """The values as people read them."""
        return [choice.label for choice in self.choices() if choice.value in values] or ["unknown"]


class EnumFacet(Facet):
    """A column of an enum: states and kinds."""

    def __init__(self, name: str, label: str, column: Any, icon: str = "filter") -> None:
        super().__init__(name, label, icon)
        self.column, self.members = column, column.type.enum_class

    def choices(self) -> Sequence[Choice]:
        return [Choice(member.name, str(member.value)) for member in self.members]

    def narrow(self, values: list[str]) -> Any:
        known = self.members.__members__
        return self.column.in_([known[value] for value in values if value in known])


class WordFacet(Facet):
    """A column with few values, named here. `read` turns the text of an address into the column's type."""

    def __init__(
        self,
        name: str,
        label: str,
        column: Any,
        words: dict[str, str],
        icon: str = "filter",
        read: Callable[[str], Any] = str,
    ) -> None:
        super().__init__(name, label, icon)
        self.column, self.words, self.read = column, words, read

    def choices(self) -> Sequence[Choice]:
        return [Choice(value, label) for value, label in self.words.items()]

    def narrow(self, values: list[str]) -> Any:
        return self.column.in_([self.read(value) for value in values if value in self.words])


class PeriodFacet(Facet):
    """Days of the business's calendar, from the first to the last, both included: `?name=<day>&name=<day>`, where
    either may be empty; or one value for the last so many days, which moves along."""

    LAST = {"today": 1, "last7": 7, "last30": 30, "last90": 90}
    editor = "period"

    def __init__(self, name: str, label: str, column: Any, icon: str = "calendar-event") -> None:
        super().__init__(name, label, icon)
        self.column = column

    def choices(self) -> Sequence[Choice]:
        return [Choice(value, "Today" if days == 1 else f"Last {days} days") for value, days in self.LAST.items()]

    def said(self, values: list[str]) -> Sequence[str]:
        if values[0] in self.LAST:
            return super().said(values)
        asked = self._read(values)
        if asked.errors:
            return ["no day of the calendar"]
        since, until = (drawing.day(text) if text else "" for text in asked.typed.values())
        return [f"{since} to {until}" if since and until else f"from {since}" if since else f"until {until}"]

    def narrow(self, values: list[str]) -> Any:
        if values[0] in self.LAST:
            today = local(clock.real()).date()  # rows say really when they were made
            return self.column >= periods.begin(today - timedelta(days=self.LAST[values[0]] - 1))
        asked = self._read(values)
        if asked.errors:
            return sa.false()
        least = self.column >= asked.since if asked.since else sa.true()
        return sa.and_(least, self.column < asked.until if asked.until else sa.true())

    @staticmethod
    def _read(values: list[str]) -> periods.Period:
        typed = MultiDict({"since": values[0], "until": values[1] if len(values) > 1 else ""})
        return periods.read(typed, "since", "until")


@dataclass(frozen=True)
class Test:
    """A yes-or-no question about a row."""

    label: str
    condition: Callable[[], Any]

    __test__ = False  # not a test of pytest's


class TestFacet(Facet):
    """Named conditions, any of which may hold."""

    __test__ = False

    def __init__(self, name: str, label: str, tests: dict[str, Test], icon: str = "filter") -> None:
        super().__init__(name, label, icon)
        self.tests = tests

    def choices(self) -> Sequence[Choice]:
        return [Choice(value, test.label) for value, test in self.tests.items()]

    def narrow(self, values: list[str]) -> Any:
        return sa.or_(sa.false(), *(self.tests[value].condition() for value in values if value in self.tests))


@dataclass(frozen=True)
class Tab:
    """A list that is already narrowed: `args` are its query parameters. `counted` shows how many rows it has."""

    label: str
    args: dict[str, list[str]] = field(default_factory=dict)
    counted: bool = False
    tone: str = ""


def matching(words: str, columns: Sequence[Any]) -> Any:
    """Rows where each word occurs in one of the columns; wildcards are taken as they are typed."""
    conditions = []
    for word in words[:LONGEST_SEARCH].split()[:MOST_WORDS]:
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        conditions.append(sa.or_(*(sa.cast(c, sa.Text).ilike(pattern, escape="\\") for c in columns)))
    return sa.and_(sa.true(), *conditions)
