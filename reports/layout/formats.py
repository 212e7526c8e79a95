"""How documents write money, rates, moments and hashes. No locale of the host is asked."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

_SYMBOLS = {"GBP": "£", "EUR": "€"}
_EXPONENTS = {"JPY": 0, "KWD": 3}  # ISO 4217; two decimals unless listed
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def money(minor: int, currency: str) -> str:
    """Minor units as `£1,240.00`, `-` as a real minus sign; currencies without a sign of their own by their code."""
    exponent = _EXPONENTS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**exponent)
    digits = f"{whole:,}" + (f".{rest:0{exponent}d}" if exponent else "")
    sign = "\N{MINUS SIGN}" if minor < 0 else ""
    return sign + (_SYMBOLS.get(currency) or f"{currency}\N{NO-BREAK SPACE}") + digits


def percent(bps: int) -> str:
    """Basis points as `20 %` or `12.5 %`."""
    whole, rest = divmod(bps, 100)
    decimals = f".{rest:02d}".rstrip("0") if rest else ""
    return f"{whole}{decimals}\N{NO-BREAK SPACE}%"


def _local(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be printed")
    return moment.astimezone(ZoneInfo(zone))


def calendar_day(day_: date) -> str:
    """`1 December 2026`."""
    return f"{day_.day} {_MONTHS[day_.month - 1]} {day_.year}"


def day(moment: datetime, zone: str) -> str:
    """The calendar day of a moment in the zone."""
    return calendar_day(_local(moment, zone))


def instant(moment: datetime, zone: str) -> str:
    """`1 December 2026, 09:00:05 GMT` in the zone."""
    return f"{day(moment, zone)}, {_local(moment, zone):%H:%M:%S %Z}"


def window(starts: datetime, ends: datetime, zone: str) -> str:
    """`Tuesday 1 December 2026, 09:00 to 12:00 GMT`, with both dates when the window crosses midnight."""
    first, last = _local(starts, zone), _local(ends, zone)
    until = f"{last:%H:%M %Z}"
    if first.date() != last.date():
        until = f"{_DAYS[last.weekday()]} {day(ends, zone)}, {until}"
    from_zone = "" if first.tzname() == last.tzname() else f"{first: %Z}"
    return f"{_DAYS[first.weekday()]} {day(starts, zone)}, {first:%H:%M}{from_zone} to {until}"
