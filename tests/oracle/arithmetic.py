"""Rounding and sharing out, from the paper: half away from zero, largest remainder, cumulative parts."""

from __future__ import annotations

from fractions import Fraction
from math import floor


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    return floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


def share(amount: int, bps: int) -> int:
    return rounded(Fraction(amount * bps, 10_000))


def stretch(whole: int, base: int, start: int, length: int) -> int:
    """What of `whole` belongs to `length` units of `base` after the first `start`, so that all stretches add up."""
    if not base:
        return 0
    return rounded(Fraction(whole * (start + length), base)) - rounded(Fraction(whole * start, base))


def spread(amount: int, rooms: list[int]) -> list[int]:
    """In proportion to the rooms; what rounding leaves over goes to the largest remainders, first come first served."""
    if not amount:
        return [0] * len(rooms)
    exact = [Fraction(amount * room, sum(rooms)) for room in rooms]
    found = [floor(one) for one in exact]
    order = sorted(range(len(rooms)), key=lambda i: (found[i] - exact[i], i))
    for i in order[: amount - sum(found)]:
        found[i] += 1
    return found
