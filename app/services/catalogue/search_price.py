"""The all-in price in SQL: what a card shows, for the listings that a filter or an order asks about.

It is worked out from today's rates in the statement that needs it. Stored, it would be wrong on the morning a rate or
a seller's VAT standing changes; a test holds it equal to app/services/commerce/quote.py.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.services.people import vat_status
from app.services.platform import clock
from models.catalogue.listing import Listing
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_node import TaxonomyNode
from models.commerce.rate import Rate, RateKind
from models.people.seller import Seller

UK = ZoneInfo("Europe/London")
_WHOLE, _HALF = 10_000, 5_000


class Priced:
    """Beside each listing of a question its all-in price: VAT (half up, as in a quote) and the order fee inside.

    It is joined to the listings that are read anyway, so that whoever wants few of them stops early.
    """

    all_in: sa.ColumnElement[int]

    def __init__(self) -> None:
        today = clock.now().astimezone(UK).date()
        self._filed, self._node = aliased(ListingNode), aliased(TaxonomyNode)
        self._vat, self._fee = _rate(RateKind.vat, today, "vat"), _rate(RateKind.buyer_fee, today, "fee")
        # one row per seller first: what a seller declared is looked up once, not for each of its listings
        columns = (Seller.organisation_id, vat_status.charges(today).label("charges"))
        self._seller = sa.select(*columns).cte("charging").prefix_with("MATERIALIZED")
        vat = (Listing.price_minor * self._vat.c.bps + _HALF) // _WHOLE
        self.all_in = Listing.price_minor + sa.case((self._seller.c.charges, vat), else_=0) + self._fee.c.amount_minor

    def join(self, question: Any) -> Any:
        """The question with what the price is made of beside each listing."""
        filed, node, vat, fee, seller = self._filed, self._node, self._vat, self._fee, self._seller
        return (
            question.join(filed, sa.and_(filed.listing_id == Listing.id, filed.is_primary))
            .join(node, node.id == filed.node_id)
            .join(seller, seller.c.organisation_id == Listing.organisation_id)
            .join(vat, vat.c.category == node.tax_category)
            .join(fee, sa.and_(fee.c.category == "order", fee.c.currency == Listing.currency))
        )

    def between(self, least: int | None, most: int | None) -> sa.ColumnElement[bool]:
        """From `least` to `most`, minor units, either end open. Asked of a question that `join` was called for."""
        bounds = [self.all_in >= least] if least is not None else []
        return sa.and_(*bounds, *([self.all_in <= most] if most is not None else []))


def _rate(kind: RateKind, today: date, name: str) -> Any:
    columns = (Rate.category, Rate.bps, Rate.amount_minor, Rate.currency)
    holds = (Rate.kind == kind, Rate.jurisdiction == "GB", Rate.valid.contains(today))
    return sa.select(*columns).where(*holds).subquery(name)
