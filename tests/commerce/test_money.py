"""The arithmetic of money: exact sums, symmetric rounding, parts that add up however they are cut."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.commerce import money

SUMS = st.integers(-(10**12), 10**12)
RATES = st.integers(0, 10_000)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 2, 3), (-5, 2, -3), (1, 2, 1), (7, 5, 1), (8, 5, 2), (5, -2, -3), (0, 9, 0)],
)
def test_half_goes_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert money.half_up(numerator, denominator) == rounded


@given(SUMS, st.integers(1, 10**9))
def test_rounding_is_within_a_half_and_symmetric(numerator: int, denominator: int) -> None:
    rounded = money.half_up(numerator, denominator)
    assert abs(rounded - Fraction(numerator, denominator)) <= Fraction(1, 2)
    assert money.half_up(-numerator, denominator) == -rounded


@given(st.integers(0, 10**12), RATES)
def test_vat_on_net_and_vat_in_gross_differ_by_a_penny_at_most(net: int, bps: int) -> None:
    vat = money.vat_on_net(net, bps)
    assert abs(money.vat_in_gross(net + vat, bps) - vat) <= 1


@pytest.mark.parametrize(
    ("gross", "bps", "vat"), [(500, 2000, 83), (5000, 2000, 833), (1000, 2000, 167), (3493, 2000, 582)]
)
def test_vat_in_gross_of_known_cases(gross: int, bps: int, vat: int) -> None:
    assert money.vat_in_gross(gross, bps) == vat


@given(SUMS, WEIGHTS)
def test_shares_add_up_and_none_is_off_by_a_unit(total: int, weights: list[int]) -> None:
    shares = money.allocate(total, weights)
    assert sum(shares) == total
    assert money.allocate(-total, weights) == [-part for part in shares]
    for part, weight in zip(shares, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_ties_go_to_the_lower_index() -> None:
    assert money.allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert money.allocate(998, [10000, 48593]) == [170, 828]


@pytest.mark.parametrize("weights", [[0, 0], [1, -1], [-2, 3]])
def test_senseless_weights_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.allocate(5, weights)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=10).filter(any))
def test_parts_of_any_division_add_up_to_the_original(original: int, cuts: list[int]) -> None:
    base, done, parts = sum(cuts), 0, []
    for cut in cuts:
        parts.append(money.part(original, base, before=done, after=done + cut))
        done += cut
    assert sum(parts) == original


def test_nothing_belongs_to_a_part_of_nothing() -> None:
    assert money.part(5, 0, before=0, after=0) == 0


def test_the_commission_on_three_quarters_is_three_quarters() -> None:
    assert money.part(2880, 28800, before=7200, after=28800) == 2160
    assert money.part(576, 28800, before=7200, after=28800) == 432


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (29300, "GBP", "£293.00"),
        (-500, "GBP", "\N{MINUS SIGN}£5.00"),
        (129300, "EUR", "€1,293.00"),
        (7, "JPY", "¥7"),
        (1250, "KWD", "KWD\N{NO-BREAK SPACE}1.250"),
        (0, "GBP", "£0.00"),
    ],
)
def test_sums_are_written_as_people_read_them(minor: int, currency: str, text: str) -> None:
    assert money.written(minor, currency) == text
