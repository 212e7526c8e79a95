"""Amounts as people read them."""

from __future__ import annotations

SIGNS = {"gbp": "£", "eur": "€", "usd": "$"}
WITHOUT_MINOR_UNITS = ("jpy", "krw")


def shown(amount: int, currency: str) -> str:
    """`29300, "gbp"` as £293.00; a currency without a sign keeps its code."""
    decimals = 0 if currency in WITHOUT_MINOR_UNITS else 2
    whole, part = divmod(abs(amount), 10**decimals)
    figure = f"{whole:,}" + (f".{part:0{decimals}}" if decimals else "")
    sign = SIGNS.get(currency)
    return ("\N{MINUS SIGN}" if amount < 0 else "") + (f"{sign}{figure}" if sign else f"{figure} {currency.upper()}")
