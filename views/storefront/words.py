"""How the shop writes money and time: two decimals always, absolute times in the business time zone, no countdowns."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from markupsafe import Markup

from app.services.commerce.money import written

_NARROW = "\N{NO-BREAK SPACE}"


def money(minor: int, currency: str = "GBP") -> str:
    """`£1,234.50` from minor units."""
    return written(minor, currency)


def percent(bps: int) -> str:
    """`12 %` from 1200 basis points."""
    return f"{bps / 100:g}{_NARROW}%"


def zone() -> ZoneInfo:
    """The zone people read times in."""
    return ZoneInfo(current_app.config["BUSINESS_TIME_ZONE"])


def local(moment: datetime) -> datetime:
    """The same moment on the clock of the business time zone."""
    return moment.astimezone(zone())


def zone_word() -> str:
    """Whose clock the times on a page are read on: `London time`."""
    return f"{zone().key.rpartition('/')[2].replace('_', ' ')} time"


def _long_day(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def _element(moment: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(timespec="minutes"), text)


def moment(value: datetime) -> Markup:
    """`Thursday 3 December 2026, 08:00` as a time element."""
    here = local(value)
    return _element(here, f"{_long_day(here)}, {here:%H:%M}")


def short_moment(value: datetime) -> Markup:
    """`Thu 3 December, 08:00` for rows of a list."""
    here = local(value)
    return _element(here, f"{here:%a} {here.day} {here:%B}, {here:%H:%M}")


def clock(value: datetime) -> Markup:
    """`14:45`, for a moment of today."""
    here = local(value)
    return _element(here, f"{here:%H:%M}")


def day(value: date | datetime) -> Markup:
    """`Thursday 3 December 2026`."""
    here = local(value).date() if isinstance(value, datetime) else value
    return Markup('<time datetime="{}">{}</time>').format(here.isoformat(), _long_day(here))


def last_day(end: datetime) -> Markup:
    """The last whole day before a period's end, which is a midnight: people say "until the end of Tuesday"."""
    return day(end - timedelta(seconds=1))


def window(start: datetime, end: datetime) -> Markup:
    """`Thursday 3 December 2026, 08:00 to 12:00`; the second day is named only when it is another."""
    first, last = local(start), local(end)
    tail = f"{last:%H:%M}" if first.date() == last.date() else f"{_long_day(last)}, {last:%H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(
        f"{first.isoformat(timespec='minutes')}/{last.isoformat(timespec='minutes')}",
        f"{_long_day(first)}, {first:%H:%M} to {tail}",
    )


def file_size(size: int) -> str:
    """`94 kB` from bytes."""
    kilobytes = max(1, round(size / 1000))
    return f"{kilobytes} kB" if kilobytes < 1000 else f"{size / 1_000_000:.1f} MB"  # noqa: PLR2004  kilo


def install(app: Flask) -> None:
    """Makes these the filters of every template."""
    filters = (money, percent, moment, short_moment, clock, day, file_size)
    app.jinja_env.filters.update({one.__name__: one for one in filters})
    app.jinja_env.tests["match_number"] = lambda text: str(text).replace(".", "", 1).isdigit()
    app.jinja_env.globals.update(visit_window=window, zone_word=zone_word)
