"""When somebody may be mailed: quiet hours and digests on the clock of their own wall, summer or winter."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DIGEST_AT = time(8)
MONDAY = 0
_LEGACY = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@cache
def zones() -> tuple[str, ...]:
    """The zones people choose from: places, by their IANA names."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith(_LEGACY)))


def next_open(now: datetime, quiet_from: time | None, quiet_to: time | None, zone: str) -> datetime | None:
    """The end of the quiet hours that `now` lies in, in UTC terms of `now`; None outside of them.

    A wall time that the clocks skip is the moment after the gap; one that comes twice is over at its first coming.
    """
    if quiet_from is None or quiet_to is None:
        return None
    there = now.astimezone(ZoneInfo(zone))
    wall = there.time().replace(tzinfo=None)
    over_midnight = quiet_from > quiet_to
    inside = (wall >= quiet_from or wall < quiet_to) if over_midnight else quiet_from <= wall < quiet_to
    if not inside:
        return None
    day = there.date() + timedelta(days=1 if over_midnight and wall >= quiet_from else 0)
    end = datetime.combine(day, quiet_to, ZoneInfo(zone)).astimezone(now.tzinfo)
    return max(end, now)


def digest_slot(now: datetime, zone: str, *, weekly: bool) -> datetime:
    """The latest moment at or before `now` at which a digest is due: 08:00 there, on Mondays if weekly."""
    there = now.astimezone(ZoneInfo(zone))
    day = there.date()
    if there.time().replace(tzinfo=None) < DIGEST_AT:
        day -= timedelta(days=1)
    if weekly:
        day -= timedelta(days=(day.weekday() - MONDAY) % 7)
    return datetime.combine(day, DIGEST_AT, ZoneInfo(zone)).astimezone(now.tzinfo)
