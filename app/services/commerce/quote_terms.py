"""What a provider types about an offer, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.services.catalogue.offer import Window
from app.services.catalogue.terms import LARGEST_PRICE
from app.services.commerce.checkout import LONGEST_WAIT
from models.errors import Invalid

MOST_LINES, MOST_NOTE = 8, 2000
TITLE = range(2, 121)
VALID_DAYS = range(1, 31)
USUAL_DAYS = 7
LONGEST_VISIT = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Item:
    """One line: words, and minor units net of VAT."""

    title: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class Terms:
    """`visit` is None when its days and hours make none. Valid for `days` from the moment it is sent."""

    items: tuple[Item, ...]
    visit: Window | None
    days: int = USUAL_DAYS
    note: str = ""

    def valid_until(self, now: datetime) -> datetime:
        """The last moment it can be accepted (UTC)."""
        return now + timedelta(days=self.days)

    def check(self, now: datetime) -> Window:
        """The visit, when everything can be offered at `now`. Raises Invalid, field by field."""
        wrong = {**self._wrong_lines(), **self._wrong_visit(now)}
        if self.days not in VALID_DAYS:
            wrong["days"] = f"Choose {VALID_DAYS[0]} to {VALID_DAYS[-1]} days."
        elif self.visit is not None and "visit" not in wrong and self.valid_until(now) > self.visit.starts_at:
            wrong["days"] = "The visit begins before the offer ends. Choose fewer days or a later visit."
        if len(self.note) > MOST_NOTE:
            wrong["note"] = f"Write at most {MOST_NOTE} characters."
        if wrong or self.visit is None:
            raise Invalid("The offer was not sent.", wrong)
        return self.visit

    def _wrong_lines(self) -> dict[str, str]:
        wrong: dict[str, str] = {}
        if not 1 <= len(self.items) <= MOST_LINES:
            return {"lines": f"Give one to {MOST_LINES} lines, each with words and a price."}
        for number, item in enumerate(self.items, 1):
            if len(item.title.strip()) not in TITLE or not item.title.isprintable():
                wrong["lines"] = f"Line {number}: say what it is, in {TITLE[0]} to {TITLE[-1]} characters."
            elif not 0 < item.net_minor <= LARGEST_PRICE:
                wrong["lines"] = f"Line {number}: give a price from 0.01 to 100,000.00."
        if not wrong and sum(item.net_minor for item in self.items) > LARGEST_PRICE:
            wrong["lines"] = "All lines together may be 100,000.00 at most."
        return wrong

    def _wrong_visit(self, now: datetime) -> dict[str, str]:
        visit = self.visit
        if visit is None:
            return {"visit": "Give a day and hours that end after they begin."}
        if visit.starts_at <= now:
            return {"visit": "Choose a visit that is still to come."}
        if visit.ends_at - visit.starts_at > LONGEST_VISIT:
            return {"visit": "A visit takes at most 10 days."}
        if visit.ends_at > now + LONGEST_WAIT:
            return {"visit": "Choose a visit within the next 70 days."}
        return {}
