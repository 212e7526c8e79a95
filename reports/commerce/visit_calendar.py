"""A visit as a calendar file (RFC 5545): one event whose identifier stays, so that a newer file replaces an older."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event, vUri

CANCELLED, CONFIRMED, TENTATIVE = "CANCELLED", "CONFIRMED", "TENTATIVE"


@dataclass(frozen=True, slots=True)
class Visit:
    """Moments are aware. `sequence` grows with every change; `status` is one of the three above."""

    uid: str
    sequence: int
    status: str
    summary: str
    description: str
    location: str
    url: str
    starts: datetime
    ends: datetime
    changed_at: datetime


def render(visit: Visit) -> bytes:
    """UTF-8, lines folded at 75 octets, times in UTC: every calendar shows them on its own clock."""
    calendar, event = Calendar(), Event()
    calendar.add("prodid", "-//Fixnado//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    event.add("uid", visit.uid)
    event.add("sequence", visit.sequence)
    event.add("dtstamp", visit.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", visit.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", visit.starts.astimezone(UTC))
    event.add("dtend", visit.ends.astimezone(UTC))
    event.add("summary", visit.summary)
    event.add("description", visit.description)
    event.add("location", visit.location)
    event.add("url", vUri(visit.url))
    event.add("status", visit.status)
    event.add("transp", "TRANSPARENT" if visit.status == CANCELLED else "OPAQUE")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
