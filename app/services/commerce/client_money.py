"""Client money: what we owe to others, and whether it is there. A shortfall is told, whatever its reason.

Required are the liabilities of account.OWED_TO_CLIENTS, resource is the money of account.CLIENT_RESOURCES, for each
currency. What is required is listed by what each posting is about: an order, or whatever there is instead of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.metrics import Reading
from app.services.commerce import account
from app.services.commerce import closing as books
from app.services.commerce.account import ClientMoney
from app.services.platform import clock
from reports.layout.spreadsheet import money

PURPOSE = "client_money"
"""Of the stored files that keep each day's statement."""


class Sum(NamedTuple):
    """A sum of one shape of accounts. Minor units, positive as people read it."""

    kind: ClientMoney
    shape: str
    amount: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One currency. Minor units."""

    currency: str
    required: Sequence[Sum]
    resource: Sequence[Sum]

    @property
    def owed(self) -> int:
        """What we owe to others."""
        return sum(one.amount for one in self.required)

    @property
    def there(self) -> int:
        """What is there to pay it from."""
        return sum(one.amount for one in self.resource)

    @property
    def surplus(self) -> int:
        """Negative when there is a shortfall."""
        return self.there - self.owed


class Owed(NamedTuple):
    """What we owe because of one subject (`order:<id>`; a late capture has its payment). Minor units."""

    subject: str
    currency: str
    held: int
    refunds: int
    sellers: int
    other: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.held + self.refunds + self.sellers + self.other


Cursor = tuple[str, str]
"""The subject and the currency of the last row that was shown."""

_SUMS = sa.text("""
    WITH start AS (SELECT coalesce(max(entry_id), 0) AS id FROM closing WHERE entry_id <= :place)
    SELECT part.shape, part.currency, sum(part.balance)::bigint
      FROM (SELECT shape, currency, balance FROM closing WHERE entry_id = (SELECT id FROM start)
            UNION ALL
            SELECT account_shape(a.code), a.currency, d.amount
              FROM (SELECT account_id, sum(amount) AS amount FROM posting
                     WHERE entry_id > (SELECT id FROM start) AND entry_id <= :place GROUP BY account_id) d
              JOIN account a ON a.id = d.account_id) AS part
     GROUP BY part.shape, part.currency
""")


def _column(name: str) -> str:
    patterns = (
        kind.shape.replace("_", r"\_").replace("*", "%") for kind in account.OWED_TO_CLIENTS if kind.column == name
    )
    matches = " OR ".join(f"a.code LIKE '{pattern}'" for pattern in patterns).replace(":", r"\:")  # no bind parameters
    return f"coalesce(-sum(p.amount) FILTER (WHERE {matches}), 0)::bigint AS {name}"


# Subject by subject, so that a page reads no more than it shows; DISTINCT over an index is read as far as needed.
_OWED = f"""
    SELECT s.subject, l.currency, l.held, l.refunds, l.sellers, l.other
      FROM (SELECT DISTINCT subject FROM journal_entry WHERE subject <= :subject ORDER BY subject DESC) s
     CROSS JOIN LATERAL (
       SELECT p.currency, {_column("held")}, {_column("refunds")}, {_column("sellers")}, {_column("other")}
         FROM journal_entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.account_id
        WHERE e.subject = s.subject AND e.id <= :place AND a.kind = 'liability'
        GROUP BY p.currency) l
     WHERE (l.held, l.refunds, l.sellers, l.other) <> (0, 0, 0, 0)
       AND (s.subject < :subject OR l.currency > :currency)
     ORDER BY s.subject DESC, l.currency
"""  # noqa: S608  our own patterns
_PAGE, _ALL = sa.text(f"{_OWED} LIMIT :size"), sa.text(_OWED)
FROM_THE_TOP: Cursor = ("~", "")  # after every subject, which begin with a letter


def statement(session: Session, *, at: datetime | None = None) -> list[Statement]:
    """Required and resource of each currency, as the books stood before the moment `at` (UTC), or stand now."""
    sides: dict[str, tuple[list[Sum], list[Sum]]] = defaultdict(lambda: ([], []))
    for shape, currency, balance in session.execute(_SUMS, {"place": books.place(session, at)}):
        kind = account.counts_as(shape)
        if kind in account.OWED_TO_CLIENTS:
            sides[currency][0].append(Sum(kind, shape, -balance))
        elif kind is not None:
            sides[currency][1].append(Sum(kind, shape, balance))
    return [Statement(currency, _in_order(owed), _in_order(there)) for currency, (owed, there) in sorted(sides.items())]


def _in_order(sums: list[Sum]) -> list[Sum]:
    kinds = (*account.OWED_TO_CLIENTS, *account.CLIENT_RESOURCES)
    return sorted(sums, key=lambda one: (kinds.index(one.kind), one.shape))


def owed(
    session: Session, *, at: datetime | None = None, after: Cursor = FROM_THE_TOP, size: int = 50
) -> tuple[list[Owed], bool]:
    """The next rows of what is required, and whether there are more. What has no order comes first, then the newest
    orders."""
    values = {"place": books.place(session, at), "subject": after[0], "currency": after[1], "size": size + 1}
    rows = [Owed(*row) for row in session.execute(_PAGE, values)]
    return rows[:size], len(rows) > size


def every_owed(session: Session, *, at: datetime | None = None) -> Generator[Owed, None, None]:
    """All rows, fetched as they are asked for; together they are what is required, to the penny."""
    values = {"place": books.place(session, at), "subject": FROM_THE_TOP[0], "currency": FROM_THE_TOP[1]}
    with session.execute(_ALL, values, execution_options={"yield_per": 1000}) as found:
        for row in found:
            yield Owed(*row)


HEAD = ("Side", "What", "For", "Currency", "Held", "Refunds", "Sellers", "Other", "Amount")
"""The columns of `table`; sums in whole units of the currency with two decimals."""


def table(session: Session, *, at: datetime | None = None) -> Generator[Sequence[Any], None, None]:
    """The whole statement as rows: the sums of both sides, the surplus, and then each row of the list."""
    nothing = [""] * 4
    for one in statement(session, at=at):
        for side, sums in (("required", one.required), ("there", one.resource)):
            for part in sums:
                yield [side, part.kind.label, part.shape, one.currency, *nothing, money(part.amount)]
        yield ["required", "Total", "", one.currency, *nothing, money(one.owed)]
        yield ["there", "Total", "", one.currency, *nothing, money(one.there)]
        word = "Surplus" if one.surplus >= 0 else "SHORTFALL"
        yield ["result", word, "", one.currency, *nothing, money(one.surplus)]
    with closing(every_owed(session, at=at)) as found:
        for row in found:
            parts = (row.held, row.refunds, row.sellers, row.other, row.total)
            yield ["listed", row.subject.partition(":")[0], row.subject, row.currency, *map(money, parts)]


def sheet(session: Session, *, at: datetime | None = None) -> Generator[Sequence[Any], None, None]:
    """`table` under its heading, as it is kept."""
    yield HEAD
    yield from table(session, at=at)


def readings(session: Session) -> list[Reading]:
    """The surplus as a number for the collector of metrics."""
    surplus = {one.currency: one.surplus for one in statement(session)}
    return [Reading("fixnado_client_money_surplus_minor", "Client money beyond what is owed", surplus, "currency")]


def midnight(zone: ZoneInfo, *, now: datetime | None = None) -> datetime:
    """When the present day of this time zone began: a day's statement is as of its end."""
    there = (now or clock.real()).astimezone(zone)
    return there.replace(hour=0, minute=0, second=0, microsecond=0)


def day_before(moment: datetime) -> str:
    """The day that ended at this midnight, as `2026-11-23`."""
    return (moment - timedelta(hours=1)).date().isoformat()
