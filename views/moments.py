"""Times as people in the business zone read and type them; rows hold UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Flask, current_app

from app.services.platform import clock


def business_zone() -> ZoneInfo:
    """The zone of BUSINESS_TIME_ZONE."""
    return ZoneInfo(current_app.config.get("BUSINESS_TIME_ZONE", "Europe/London"))


def local(moment: datetime) -> datetime:
    """The same moment on the business's clock; a time without zone is UTC (Flask-AppBuilder's own columns)."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(business_zone())


def from_business_time(typed: datetime) -> datetime:
    """The moment in UTC that a clock on the wall showed. Raises ValueError for the hour that the clocks skip."""
    zone = business_zone()
    moment = typed.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != typed:
        raise ValueError("The clocks skip this hour; choose a time before or after it")
    return moment


def rehearsal() -> str:
    """What a page says while the clock is moved (development only); empty when it shows real time."""
    ahead = clock.shift()
    if not ahead:
        return ""
    span = f"{ahead.days} d" if ahead.days else f"{int(ahead.total_seconds() // 60)} min"
    return f"Rehearsal: the clock is {span} ahead, here it is {spelled(clock.now())}. It ends with: flask clock reset"


def install(app: Flask) -> None:
    """What both layouts ask, so that nobody takes a rehearsal's dates for real ones."""
    app.jinja_env.globals["rehearsal"] = rehearsal


def spelled(moment: datetime) -> str:
    """`24 Nov 2026, 09:05 GMT`."""
    there = local(moment)
    return f"{there.day} {there:%b %Y, %H:%M %Z}"
