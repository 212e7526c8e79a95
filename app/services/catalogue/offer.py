"""What a buyer can choose from a service listing: arrival windows in the coming days, at addresses it serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.services.people import absence
from app.services.people.absence import Away
from models.catalogue.listing import Listing
from models.catalogue.postcode_area import area_of
from models.catalogue.service_detail import ServiceDetail
from models.errors import Invalid

DAYS = 14
FURTHEST = timedelta(days=70)
"""The end of a visit at the latest: see LONGEST_WAIT of app/services/commerce/checkout.py."""


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


def on_offer(session: Session, listing: Listing, *, now: datetime) -> list[Window]:
    """What every page and form offers: `windows` without the days on which the business is away."""
    return outside(listing, absence.of_organisation(session, listing.organisation_id), now=now)


def outside(listing: Listing, away: Away | None, *, now: datetime) -> list[Window]:
    """The windows that do not begin during a holiday. Who is away in the coming days offers those after it as well, as
    far ahead as money can be held. Pure."""
    near = windows(listing, now=now)
    if away is None or not any(away.covers(one.starts_at) for one in near):
        return near
    later = windows(listing, now=now, days=DAYS + away.days)
    return [one for one in later if not away.covers(one.starts_at) and one.ends_at <= now + FURTHEST]


def chosen(session: Session, listing: Listing, key: str, *, now: datetime) -> Window | None:
    """The window that a form named if it is on offer. Raises Invalid (field `window`) when only a holiday is in the
    way, so that the buyer is told which."""
    found = next((one for one in on_offer(session, listing, now=now) if one.key == key), None)
    if found is None and (taken := window(listing, key, now=now)) is not None:
        require_present(session, listing, taken)
    return found


def require_present(session: Session, listing: Listing, wanted: Window) -> None:
    """Raises Invalid (field `window`) when the business is away on the day of this visit."""
    away = absence.of_organisation(session, listing.organisation_id)
    if away is not None and away.covers(wanted.starts_at):
        back = f"{away.until_day:%A} {away.until_day.day} {away.until_day:%B %Y}"
        sentence = f"{listing.organisation.name} is away until {back}. Choose another visit."
        raise Invalid("That visit is not on offer any more.", {"window": sentence})


def windows(listing: Listing, *, now: datetime, days: int = DAYS) -> list[Window]:
    """The arrival windows of `days` local days, the first day being `notice_days` after today, in order.

    `now` is aware. Pure: it knows no other orders. Hours that a spring change of clocks skips are left out, hours that
    an autumn change repeats are taken at their first pass, so each window is a real and single span of time.
    """
    service = _service(listing)
    zone = ZoneInfo(service.zone)
    first = now.astimezone(zone).date() + timedelta(days=service.notice_days)
    found = (w for step in range(days) for w in _on(listing, first + timedelta(days=step), zone, service.zone))
    return sorted(window for window in found if window.starts_at > now)


def window(listing: Listing, key: str, *, now: datetime, days: int = DAYS) -> Window | None:
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
