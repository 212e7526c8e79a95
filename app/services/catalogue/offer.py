"""What a buyer can choose from a service listing: arrival windows in the coming days, at addresses it serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.catalogue.listing import Listing
from models.catalogue.postcode_area import area_of
from models.catalogue.service_detail import ServiceDetail


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """`starts_at` and `ends_at` are UTC; the local ones are what the provider's clock shows on `day` in `zone`."""

    starts_at: datetime
    ends_at: datetime
    day: date
    local_starts: time
    local_ends: time
    zone: str

    @property
    def key(self) -> str:
        """How a form names it: the start in UTC, to the minute."""
        return self.starts_at.strftime("%Y-%m-%dT%H:%MZ")


def windows(listing: Listing, *, now: datetime, days: int = 14) -> list[Window]:
    """The arrival windows of `days` local days, the first day being `notice_days` after today, in order.

    `now` is aware. Pure: it knows no other orders. Hours that a spring change of clocks skips are left out, hours that
    an autumn change repeats are taken at their first pass, so each window is a real and single span of time.
    """
    service = _service(listing)
    zone = ZoneInfo(service.zone)
    first = now.astimezone(zone).date() + timedelta(days=service.notice_days)
    found = (w for step in range(days) for w in _on(listing, first + timedelta(days=step), zone, service.zone))
    return sorted(window for window in found if window.starts_at > now)


def window(listing: Listing, key: str, *, now: datetime, days: int = 14) -> Window | None:
    """The window that a form named, None when it is not (or no longer) on offer."""
    return next((found for found in windows(listing, now=now, days=days) if found.key == key), None)


def between(listing: Listing, first: tuple[date, time], last: tuple[date, time]) -> Window | None:
    """A visit at hours of the provider's own choice, on its clock; None when it does not go forward, or begins or ends
    in an hour that the clocks skip."""
    name = _service(listing).zone
    zone = ZoneInfo(name)
    starts, ends = _moment(*first, zone), _moment(*last, zone)
    if starts is None or ends is None or starts >= ends:
        return None
    return Window(starts, ends, first[0], first[1], last[1], name)


def from_moments(starts_at: datetime, ends_at: datetime, name: str) -> Window:
    """The window that was agreed on, from its moments and its zone."""
    first, last = starts_at.astimezone(ZoneInfo(name)), ends_at.astimezone(ZoneInfo(name))
    return Window(starts_at, ends_at, first.date(), first.time(), last.time(), name)


def serves(listing: Listing, postcode: str) -> bool:
    """Whether the listing covers the area of a full postcode. Raises Invalid when it is no postcode."""
    return area_of(postcode).code in {covered.area for covered in listing.areas}


def _service(listing: Listing) -> ServiceDetail:
    if listing.service is None:
        raise RuntimeError(f"listing {listing.id} is no service")
    return listing.service


def _on(listing: Listing, day: date, zone: ZoneInfo, name: str) -> Iterator[Window]:
    for hours in listing.visit_hours:
        if hours.weekday == day.isoweekday():
            starts, ends = _moment(day, hours.starts, zone), _moment(day, hours.ends, zone)
            if starts is not None and ends is not None and starts < ends:
                yield Window(starts, ends, day, hours.starts, hours.ends, name)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Wall clock to UTC; None for an hour that the clocks skip on that day."""
    moment = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, at) else None
