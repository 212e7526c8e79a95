"""Money arithmetic on whole minor units: rounding, VAT, sharing out, taking back in parts, and how a sum is written.

Rounding is half away from zero and happens once, where a line is stored; totals are sums of stored lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

WHOLE = 10_000
"""Basis points in one: 2000 is 20 %."""
EXPONENT = {"GBP": 2, "EUR": 2, "JPY": 0, "KWD": 3}
"""Digits after the point (ISO 4217) of the currencies we can write."""
SIGN = {"GBP": "£", "EUR": "€", "JPY": "¥"}
MINUS = "\N{MINUS SIGN}"


def half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded half away from zero, so that a reversal is exactly the negative of its original.

    Raises ZeroDivisionError.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    whole, rest = divmod(abs(numerator), denominator)
    rounded = whole + (2 * rest >= denominator)
    return rounded if numerator >= 0 else -rounded


def share(amount: int, bps: int) -> int:
    """`bps` basis points of an amount: VAT on a net, commission on its base. Minor units."""
    return half_up(amount * bps, WHOLE)


def vat_on_net(net: int, bps: int) -> int:
    """The VAT that comes on top of a net sum, in minor units."""
    return share(net, bps)


def vat_in_gross(gross: int, bps: int) -> int:
    """The VAT inside a gross sum, in minor units; net is the rest, never rounded a second time."""
    return half_up(gross * bps, WHOLE + bps)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Shares of `total` in proportion to the weights that add up to it: largest remainder, ties to the lower index.

    Raises ValueError when a weight is negative or all are zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and one must be above zero")
    floors, rests = zip(*(divmod(abs(total) * weight, whole) for weight in weights), strict=True)
    missing = abs(total) - sum(floors)
    lucky = set(sorted(range(len(weights)), key=lambda index: (-rests[index], index))[:missing])
    shares = [floor + (index in lucky) for index, floor in enumerate(floors)]
    return shares if total >= 0 else [-part for part in shares]


def part(original: int, base: int, *, before: int, after: int) -> int:
    """What belongs to the stretch from `before` to `after` of `base`, when `original` belongs to all of it.

    Cumulative: the parts of any division of the base add up to the original, which rounding each alone does not give.
    Zero when the base is zero.
    """
    if not base:
        return 0
    return half_up(original * after, base) - half_up(original * before, base)


def major(minor: int, currency: str) -> Decimal:
    """The sum in major units, exact. Raises KeyError for a currency we can't write."""
    return Decimal(minor).scaleb(-EXPONENT[currency])


def written(minor: int, currency: str) -> str:
    """As people read it: `£1,293.00`, `\N{MINUS SIGN}£5.00` (a real minus sign, U+2212), `KWD 1.250`."""
    sign = SIGN.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{MINUS if minor < 0 else ''}{sign}{major(abs(minor), currency):,.{EXPONENT[currency]}f}"


def percent(bps: int) -> str:
    """Basis points as people read them: `12.5 %`."""
    return f"{Decimal(bps).scaleb(-2).normalize():f}\N{NO-BREAK SPACE}%"
