"""What there is: sales with their order, hold, refunds, problems, cases at the bank; accounts, timers, asked jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

LIVE_PROBLEM = {"open", "under_review", "awaiting_info", "proposed"}
LIVE_CASE = {"needs_response", "under_review"}
ORDER_OVER = {"completed", "cancelled", "declined", "expired"}
DAYS = timedelta(days=1)


class No(Exception):  # noqa: N818  an answer, not an accident
    """It is refused, and nothing changes."""


def require(fine: object, why: str) -> None:
    if not fine:
        raise No(why)


class Who(NamedTuple):
    """A party, or a member of staff with a number."""

    kind: str
    number: int = 0


@dataclass
class Line:
    """`taken` left the hold; of it `released` went to the seller, with `kept` [VAT, commission, VAT on it]; `back` of
    that was taken back since."""

    gross: int
    vat: int
    commission: int
    commission_vat: int
    taken: int = 0
    released: int = 0
    kept: list[int] = field(default_factory=lambda: [0, 0, 0])
    back: int = 0


@dataclass(eq=False)
class Thing:
    """Anything with a state. Two that look alike are two."""

    state: str
    entered: datetime


@dataclass(eq=False)
class Refund(Thing):
    amount: int
    cause: str
    fee: tuple[int, int] = (0, 0)
    lines: dict[int, int] = field(default_factory=dict)
    asked_by: int | None = None
    attempts: int = 0
    known_as: str | None = None
    transfer_by: int | None = None
    covered: int = 0

    @property
    def due(self) -> int:
        """Without what the buyer's bank gave of it."""
        return self.amount - self.covered


@dataclass(eq=False)
class Problem(Thing):
    opened_by: str
    opened_from: str
    two_people: bool
    asked: str | None = None
    proposals: int = 0
    proposed: int | None = None
    proposed_of: int | None = None
    proposer: int | None = None
    agreed: set[str] = field(default_factory=set)
    spoke: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Case(Thing):
    name: str
    amount: int
    due: datetime | None
    taken: bool = False
    kept: int = 0
    fee: tuple[int, int] = (0, 0)
    loss: int = 0
    rounds: int = 0


@dataclass(eq=False)
class Sale:
    """One checkout, and the order that its payment made. `order` and `hold` are None until it is paid in time."""

    number: int
    seller: int
    consumer: bool
    express: bool
    ladder: tuple[tuple[int, int], ...] | None
    visit: tuple[datetime, datetime]
    lines: list[Line]
    fee: tuple[int, int]
    psp_fee: int
    checkout: Thing
    attempts: int = 0
    captured: datetime | None = None
    order: Thing | None = None
    hold: Thing | None = None
    accept_by: datetime | None = None
    accepted: datetime | None = None
    started: datetime | None = None
    rounds: int = 0
    released: int = 0
    refunded: int = 0
    charged: int = 0
    refunds: list[Refund] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    @property
    def gross(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def total(self) -> int:
        return self.gross + sum(self.fee)

    @property
    def held(self) -> int:
        """Still under protection."""
        return self.gross - self.released - self.refunded - self.charged if self.hold else 0

    @property
    def contested(self) -> bool:
        """The bank has the money and has not decided."""
        return any(case.taken and case.state in LIVE_CASE for case in self.cases)

    @property
    def problem(self) -> Problem | None:
        return next((one for one in self.problems if one.state in LIVE_PROBLEM), None)

    @property
    def fee_left(self) -> tuple[int, int]:
        return self._fee_less({"rejected", "cancelled", "requested"})

    @property
    def fee_to_ask(self) -> tuple[int, int]:
        """Without what others have asked for."""
        return self._fee_less({"rejected", "cancelled"})

    def _fee_less(self, nothing_gone: set[str]) -> tuple[int, int]:
        gone = [one.fee for one in self.refunds if one.state not in nothing_gone] + [one.fee for one in self.cases]
        return self.fee[0] - sum(net for net, _ in gone), self.fee[1] - sum(vat for _, vat in gone)

    def asked(self, line: int, but: Refund | None = None) -> int:
        """What waits for somebody's approval of a line."""
        waiting = (one for one in self.refunds if one.state == "requested" and one is not but)
        return sum(one.lines.get(line, 0) for one in waiting)

    def room(self, line: int, but: Refund | None = None) -> int:
        """What may still be asked back of a line."""
        one = self.lines[line]
        return one.gross - one.taken + one.released - one.back - self.asked(line, but)

    def tender_left(self, but: Refund | None = None) -> int:
        """What of the payment has not gone back by us or by the bank."""
        gone = sum(r.due for r in self.refunds if r.state not in {"rejected", "cancelled"} and r is not but)
        return self.total - gone - sum(c.amount for c in self.cases if c.taken and c.state in {*LIVE_CASE, "lost"})


class Timer(NamedTuple):
    noun: str
    sale: int
    place: int
    event: str


@dataclass
class World:
    now: datetime
    sales: list[Sale] = field(default_factory=list)
    accounts: Counter[str] = field(default_factory=Counter)
    timers: dict[Timer, datetime] = field(default_factory=dict)
    asked: dict[str, bool] = field(default_factory=dict)
    """Jobs by key; True when done."""

    def post(self, **moves: int) -> None:
        """Positive is debit. `__` in a name stands for a colon."""
        if sum(moves.values()):
            raise AssertionError(f"the oracle's own entry does not balance: {moves}")
        for name, amount in moves.items():
            self.accounts[name.replace("__", ":")] += amount

    def ask(self, key: str) -> None:
        self.asked.setdefault(key, False)

    def become(self, sale: Sale, noun: str, thing: Thing, state: str) -> None:
        """A move, also one that stays: its timers are those of the state, counted anew from where they count."""
        if thing.state != state:
            thing.state, thing.entered = state, self.now
        self.rearm(sale, noun, thing)

    def rearm(self, sale: Sale, noun: str, thing: Thing) -> None:
        index = _index(sale, noun, thing)
        for timer in [one for one in self.timers if one[:3] == (noun, sale.number, index)]:
            del self.timers[timer]
        for event, due in _timers(sale, noun, thing):
            self.timers[Timer(noun, sale.number, index, event)] = due

    def balances(self) -> dict[str, int]:
        return {name: amount for name, amount in self.accounts.items() if amount}


def _index(sale: Sale, noun: str, thing: Thing) -> int:
    several: dict[str, list[Thing]] = {
        "refund": [*sale.refunds],
        "dispute": [*sale.problems],
        "chargeback": [*sale.cases],
    }
    return next((i for i, one in enumerate(several.get(noun, [])) if one is thing), 0)


AFTER = {
    ("checkout", "awaiting_payment"): ("lapse", timedelta(minutes=15)),
    ("order", "delivered"): ("lapse", 14 * DAYS),
    ("order", "disputed"): ("lapse", 60 * DAYS),
    ("refund", "requested"): ("deadline", 14 * DAYS),
    ("refund", "submitted"): ("no_answer", DAYS),
    ("dispute", "open"): ("no_answer", 3 * DAYS),
    ("dispute", "awaiting_info"): ("no_info", 5 * DAYS),
    ("dispute", "under_review"): ("propose_by_rule", 30 * DAYS),
    ("dispute", "proposed"): ("no_agreement", 7 * DAYS),
}
"""Counted from entering the state."""
SINCE_PAYMENT = {
    ("order", "accepted"): ("hold_limit", 75 * DAYS),
    ("order", "in_progress"): ("hold_limit", 75 * DAYS),
    ("escrow", "held"): ("age_alarm", 85 * DAYS),
    ("escrow", "frozen"): ("age_limit", 89 * DAYS),
}


def _timers(sale: Sale, noun: str, thing: Thing) -> Iterator[tuple[str, datetime]]:
    if found := AFTER.get((noun, thing.state)):
        yield found[0], thing.entered + found[1]
    if (found := SINCE_PAYMENT.get((noun, thing.state))) and sale.captured:
        yield found[0], sale.captured + found[1]
    if (noun, thing.state) == ("order", "pending_acceptance") and sale.accept_by:
        yield "lapse", sale.accept_by
    if isinstance(thing, Case) and thing.state == "needs_response" and thing.due:
        yield "no_evidence", thing.due
