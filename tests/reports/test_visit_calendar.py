"""The calendar file of a visit, held against the rules of RFC 5545."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from icalendar import Calendar

from reports.commerce.visit_calendar import CANCELLED, CONFIRMED, Visit, render

VISIT = Visit(
    uid="0197@fixnado.test",
    sequence=3,
    status=CONFIRMED,
    summary="Electrical report; flat, two floors, Müller & Söhne",
    description="Order FX-ABCD-EF: accepted.\nGetting in: key safe, left of the door " + "ä" * 90,
    location="14 Stackpool Road, Bristol, BS3 1NG",
    url="https://fixnado.test/orders/FX-ABCD-EF",
    starts=datetime(2027, 3, 28, 8, 0, tzinfo=UTC),
    ends=datetime(2027, 3, 28, 12, 0, tzinfo=UTC),
    changed_at=datetime(2027, 3, 1, 9, 30, 15, 999, tzinfo=UTC),
)


def test_lines_end_with_crlf_and_are_at_most_75_octets() -> None:
    body = render(VISIT)
    assert body.endswith(b"END:VCALENDAR\r\n")
    lines = body.split(b"\r\n")
    assert all(b"\n" not in line and len(line) <= 75 for line in lines)
    for line in body.replace(b"\r\n ", b"").split(b"\r\n"):
        line.decode("utf-8")


def test_it_says_what_when_and_where_in_utc() -> None:
    unfolded = render(VISIT).decode().replace("\r\n ", "")
    for line in (
        "METHOD:PUBLISH",
        "VERSION:2.0",
        "UID:0197@fixnado.test",
        "SEQUENCE:3",
        "STATUS:CONFIRMED",
        "DTSTART:20270328T080000Z",
        "DTEND:20270328T120000Z",
        "DTSTAMP:20270301T093015Z",
        "SUMMARY:Electrical report\\; flat\\, two floors\\, Müller & Söhne",
    ):
        assert f"\r\n{line}\r\n" in unfolded, line


def test_a_reader_gets_back_what_was_written() -> None:
    (event,) = Calendar.from_ical(render(VISIT)).events
    assert event["description"] == VISIT.description
    assert event["location"] == VISIT.location
    assert event.start == VISIT.starts


def test_a_cancelled_visit_keeps_its_identifier_and_counts_on() -> None:
    (event,) = Calendar.from_ical(render(replace(VISIT, status=CANCELLED, sequence=4))).events
    assert (event["uid"], event["sequence"], event["status"]) == (VISIT.uid, 4, "CANCELLED")
