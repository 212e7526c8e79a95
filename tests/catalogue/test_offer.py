from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.catalogue import offer
from models.catalogue.listing import Listing
from models.catalogue.service_detail import ServiceDetail
from models.catalogue.service_visit import ListingArea, VisitHours
from models.errors import Invalid

LONDON = ZoneInfo("Europe/London")


def listing(*hours: tuple[int, str, str], notice: int = 0, zone: str = "Europe/London") -> Listing:
    return Listing(
        service=ServiceDetail(duration_minutes=60, crew_size=1, notice_days=notice, zone=zone),
        visit_hours=[
            VisitHours(weekday=day, starts=time.fromisoformat(start), ends=time.fromisoformat(end))
            for day, start, end in hours
        ],
        areas=[ListingArea(area="BS"), ListingArea(area="BA")],
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


EVERY_DAY = [(day, "08:00", "10:00") for day in range(1, 8)]


def test_the_same_wall_clock_is_another_hour_in_utc_after_the_clocks_change():
    found = offer.windows(listing(*EVERY_DAY), now=at("2026-03-28T07:00"), days=2)
    assert [w.starts_at for w in found] == [
        datetime(2026, 3, 28, 8, tzinfo=UTC),
        datetime(2026, 3, 29, 7, tzinfo=UTC),
    ]
    assert {w.local_starts for w in found} == {time(8)}


def test_hours_that_spring_skips_are_not_offered():
    night = listing((7, "01:15", "01:45"), (7, "01:30", "03:00"), (7, "03:00", "04:00"))
    found = offer.windows(night, now=at("2026-03-28T12:00"), days=2)
    assert [(w.local_starts, w.local_ends) for w in found] == [(time(3), time(4))]


def test_hours_that_autumn_repeats_are_taken_at_their_first_pass():
    (found,) = offer.windows(listing((7, "01:15", "01:45")), now=at("2026-10-24T12:00"), days=2)
    assert found.starts_at == datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    assert found.ends_at - found.starts_at == timedelta(minutes=30)


def test_notice_counts_local_days():
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight on the second, in London
    found = offer.windows(listing(*EVERY_DAY, notice=2), now=late, days=3)
    assert [w.day for w in found] == [date(2026, 7, 4), date(2026, 7, 5), date(2026, 7, 6)]


def test_without_notice_today_is_offered_until_the_window_opens():
    assert offer.windows(listing(*EVERY_DAY), now=at("2026-07-01T07:59"), days=1)
    assert not offer.windows(listing(*EVERY_DAY), now=at("2026-07-01T08:00"), days=1)


def test_only_the_weekdays_of_the_listing_are_offered_in_order():
    found = offer.windows(
        listing((5, "13:00", "15:00"), (1, "08:00", "10:00"), (5, "08:00", "10:00")), now=at("2026-07-01T12:00")
    )
    assert [w.day.isoweekday() for w in found] == [5, 5, 1, 5, 5, 1]
    assert found == sorted(found)


def test_a_window_is_named_by_its_start_and_found_again_only_while_it_is_offered():
    it = listing(*EVERY_DAY)
    first = offer.windows(it, now=at("2026-07-01T07:00"))[0]
    assert first.key == "2026-07-01T07:00Z"
    assert offer.window(it, first.key, now=at("2026-07-01T07:30")) == first
    assert offer.window(it, first.key, now=at("2026-07-01T09:00")) is None
    assert offer.window(it, "tomorrow", now=at("2026-07-01T07:00")) is None


@given(
    minutes=st.integers(0, 2 * 365 * 24 * 60),
    zone=st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    start=st.times(max_value=time(22, 0)).map(lambda t: t.replace(microsecond=0)),
    notice=st.integers(0, 30),
)
def test_every_window_is_ahead_positive_apart_and_shows_its_own_wall_clock(
    minutes: int, zone: str, start: time, notice: int
):
    end = start.replace(hour=start.hour + 1)
    it = listing(*[(day, start.isoformat(), end.isoformat()) for day in range(1, 8)], notice=notice, zone=zone)
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = offer.windows(it, now=moment)
    assert 12 <= len(found) <= 14
    assert all(a.ends_at <= b.starts_at for a, b in pairwise(found))
    for window in found:
        local = window.starts_at.astimezone(ZoneInfo(zone))
        assert moment < window.starts_at < window.ends_at
        assert (local.date(), local.time()) == (window.day, start)


@pytest.mark.parametrize(
    ("postcode", "served"), [("BS3 1JA", True), ("ba1 1aa", True), (" b s31ja ", True), ("SW1A 1AA", False)]
)
def test_an_address_is_served_by_its_postcode_area(postcode: str, served: bool):
    assert offer.serves(listing(*EVERY_DAY), postcode) is served


@pytest.mark.parametrize("postcode", ["", "BS3", "Bristol", "QQ1 1AA", "BS3 1J4"])
def test_what_is_no_postcode_is_refused(postcode: str):
    with pytest.raises(Invalid) as refused:
        offer.serves(listing(*EVERY_DAY), postcode)
    assert "postcode" in refused.value.fields
