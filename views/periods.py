"""Days in an address: read as days of the business's calendar, told apart from nonsense with a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from werkzeug.datastructures import MultiDict

from views.moments import business_zone

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
NOT_A_DAY = "Give a day as year, month and day, such as 2026-11-24"


@dataclass(frozen=True)
class Period:
    """`since` and `until` are moments in UTC, the second one not included; None where no day was given. `typed` is what
    stood in the address, and `errors` says what is wrong with it, by name."""

    typed: dict[str, str]
    since: datetime | None = None
    until: datetime | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, str]:
        """The query parameters that lead here again."""
        return {name: text for name, text in self.typed.items() if text}

    def kind(self, name: str) -> str:
        """The type of the input: a date field would drop what is no day."""
        return "text" if self.errors.get(name) == NOT_A_DAY else "date"


def read(args: MultiDict[str, str], since: str, until: str) -> Period:
    """The days under these two names, both included: until the end of the second one. An empty name asks for none."""
    typed = {name: args.get(name, "").strip()[:40] for name in (since, until) if name}
    days: dict[str, date] = {}
    errors: dict[str, str] = {}
    for name, text in typed.items():
        if not text:
            continue
        found = _day(text)
        if found is None:
            errors[name] = NOT_A_DAY
        else:
            days[name] = found
    if since in days and until in days and days[since] > days[until]:
        errors[since] = "This day is after the last one"
    if errors:
        return Period(typed, errors=errors)
    return Period(
        typed,
        begin(days[since]) if since in days else None,
        begin(days[until] + timedelta(days=1)) if until in days else None,
    )


def begin(day: date) -> datetime:
    """When a day begins on the business's clock, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=business_zone()).astimezone(UTC)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if EARLIEST <= found <= LATEST else None
