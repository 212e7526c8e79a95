"""How a mail names a moment by which something has to be done."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def deadline(moment: datetime, zone: str) -> str:
    """`Monday 7 December 2026, 23:59 GMT`: the day of the week, and the zone's own letters, summer or winter."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be printed")
    there = moment.astimezone(ZoneInfo(zone))
    return f"{_DAYS[there.weekday()]} {there.day} {_MONTHS[there.month - 1]} {there.year}, {there:%H:%M %Z}"
