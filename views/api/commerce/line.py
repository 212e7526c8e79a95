"""A line of a checkout or an order."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from models.commerce.checkout_line import PricedLine
from views.api.shapes import Gives, Money, money


class LineShape(Gives):
    """`gross` is net and VAT; `vat_bps` in basis points (2000 is 20 %). `commission` is the seller's to pay, VAT in it;
    null where it is none of the reader's business."""

    id = fields.UUID()
    title = fields.String()
    net = fields.Nested(Money)
    vat = fields.Nested(Money)
    vat_bps = fields.Integer()
    gross = fields.Nested(Money)
    commission = fields.Nested(Money, allow_none=True)


def line_shape(line: PricedLine, currency: str, *, commission: bool = False) -> dict[str, Any]:
    """With the commission only for the seller and for staff."""
    sums = {"net": line.net_minor, "vat": line.vat_minor, "gross": line.gross_minor}
    owed = line.commission_minor + line.commission_vat_minor
    return {
        "id": line.id,  # type: ignore[attr-defined]  # both tables of lines have one
        "title": line.title,
        "vat_bps": line.vat_bps,
        **{name: money(minor, currency) for name, minor in sums.items()},
        "commission": money(owed, currency) if commission else None,
    }
