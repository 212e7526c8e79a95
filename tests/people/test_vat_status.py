"""VAT numbers by their check digits, and the day from which they decide."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.services.commerce import quote
from app.services.people import vat_number, vat_status
from app.services.platform import clock
from models.errors import Invalid
from tests.factories import commerce

WEIGHTS = range(8, 1, -1)
KNOWN = {
    "980 7806 84": "GB980780684",
    "GB 999 9120 05": "GB999912005",
    "xi980780684": "XI980780684",
    "DE136695976": "DE136695976",
    "FR40303265045": "FR40303265045",
    "IE6433435F": "IE6433435F",
    "NL4495445B01": "NL004495445B01",
}
WRONG = (
    "",
    "GB",
    "GB123456789",
    "980780685",
    "DE136695977",
    "FR41303265045",
    "US123456789",
    "IE6433435E",
    "ГБ980780684",
)


def digits(first: int, offset: int) -> str:
    """A British number whose last two digits follow from the first seven: modulus 97, or 97 less 55 (from 2010)."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, f"{first:07d}", strict=True))
    return f"{first:07d}{(-total - offset) % 97:02d}"


@given(st.integers(1_000_000, 9_999_999), st.sampled_from([0, 55]))
def test_every_number_of_both_british_series_is_taken(first: int, offset: int) -> None:
    number = digits(first, offset)
    assert vat_number.written(number) == f"GB{number}"


@given(st.integers(1, 9_999_999), st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_seen(first: int, place: int, step: int) -> None:
    number = digits(first, 0)
    slip = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    if (int(slip[7:]) + 97 - int(digits(int(slip[:7]), 0)[7:])) % 97 not in {0, 42, 55}:  # a number of another series
        with pytest.raises(Invalid):
            vat_number.written(slip)


@pytest.mark.parametrize(("typed", "kept"), KNOWN.items())
def test_a_known_number_is_written_with_its_country(typed: str, kept: str) -> None:
    assert vat_number.written(typed) == kept


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_no_number_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        vat_number.written(typed)
    assert "vat_number" in refused.value.fields


def test_a_new_standing_decides_about_new_lines_and_not_about_old_orders(session: Session) -> None:
    told = commerce.story(session, vat_registered=True)
    order = commerce.paid(session, told)
    vat_status.declare(session, told.seller.seller, actor=told.seller.actor, registered=False)
    assert order.lines[0].vat_minor == 48_00
    assert quote.of_listing(session, told.listing, at=clock.now()).vat_minor == 0


def test_a_standing_of_a_later_day_waits_for_that_day(session: Session) -> None:
    told = commerce.story(session, vat_registered=False)
    row, actor, day = told.seller.seller, told.seller.actor, vat_status.today() + timedelta(days=10)
    vat_status.declare(session, row, actor=actor, registered=True, number="GB980780684", from_day=day)
    assert (row.vat_registered, quote.of_listing(session, told.listing, at=clock.now()).vat_minor) == (False, 0)
    later = clock.now() + timedelta(days=11)
    assert quote.of_listing(session, told.listing, at=later).vat_minor == 48_00
    assert vat_status.coming(session, row).number == "GB980780684"


@pytest.mark.parametrize("days", [-1, -400, 367])
def test_the_past_is_not_rewritten(session: Session, days: int) -> None:
    told = commerce.story(session)
    day: date = vat_status.today() + timedelta(days=days)
    with pytest.raises(Invalid) as refused:
        vat_status.declare(session, told.seller.seller, actor=told.seller.actor, registered=False, from_day=day)
    assert "vat_from" in refused.value.fields
