"""Dividing a hold: the commission that belongs to what is released, whatever was refunded before it."""

from __future__ import annotations

from dataclasses import dataclass

from app.services.commerce import money


@dataclass(frozen=True, slots=True)
class Commission:
    """Ours, agreed when the order was placed, and the VAT on it. Minor units."""

    net: int
    vat: int


def commission_of_part(whole: Commission, *, gross: int, before: int, now: int) -> Commission:
    """The commission on the next `now` of `gross`, after `before` of it was released or refunded. Minor units.

    Cumulative, so parts add up to the whole: 72.00 of 288.00 refunded, the rest carries exactly three quarters.
    Raises ValueError when the parts exceed the whole.
    """
    if before < 0 or now < 0 or before + now > gross:
        raise ValueError(f"{before} + {now} is not a part of {gross}")
    after = before + now
    return Commission(
        money.part(whole.net, gross, before=before, after=after),
        money.part(whole.vat, gross, before=before, after=after),
    )
