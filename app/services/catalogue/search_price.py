"""The all-in price in SQL: what a card shows, for the listings that a filter or an order asks about.

It is worked out from today's rates in the statement that needs it. Stored, it would be wrong on the morning a rate or
a seller's VAT standing changes; a test holds it equal to app/services/commerce/quote.py.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.services.people import vat_status
from app.services.platform import clock
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_node import TaxonomyNode
from models.commerce.rate import Rate, RateKind
from models.people.seller import Seller

UK = ZoneInfo("Europe/London")
_WHOLE, _HALF = 10_000, 5_000


def priced() -> Any:
    """Rows of live listings: `listing_id` and `all_in_minor`, VAT (half up, as in a quote) and the order fee inside."""
    today = clock.now().astimezone(UK).date()
    vat, fee = _rate(RateKind.vat, today, "vat"), _rate(RateKind.buyer_fee, today, "fee")
    # one row per seller first: what a seller declared is looked up once, not for each of its listings
    columns = (Seller.organisation_id, vat_status.charges(today).label("charges"))
    seller = sa.select(*columns).cte("charging").prefix_with("MATERIALIZED")
    added = sa.case((seller.c.charges, (Listing.price_minor * vat.c.bps + _HALF) // _WHOLE), else_=0)
    all_in = (Listing.price_minor + added + fee.c.amount_minor).label("all_in_minor")
    return (
        sa.select(Listing.id.label("listing_id"), all_in)
        .join(ListingNode, sa.and_(ListingNode.listing_id == Listing.id, ListingNode.is_primary))
        .join(TaxonomyNode, TaxonomyNode.id == ListingNode.node_id)
        .join(seller, seller.c.organisation_id == Listing.organisation_id)
        .join(vat, vat.c.category == TaxonomyNode.tax_category)
        .join(fee, sa.and_(fee.c.category == "order", fee.c.currency == Listing.currency))
        .where(Listing.state == ListingState.live)
        .subquery("priced")
    )


def between(least: int | None, most: int | None) -> sa.ColumnElement[bool]:
    """All-in from `least` to `most`, minor units, either end open."""
    table = priced()
    bounds = [table.c.all_in_minor >= least] if least is not None else []
    bounds += [table.c.all_in_minor <= most] if most is not None else []
    return Listing.id.in_(sa.select(table.c.listing_id).where(*bounds))


def _rate(kind: RateKind, today: date, name: str) -> Any:
    columns = (Rate.category, Rate.bps, Rate.amount_minor, Rate.currency)
    holds = (Rate.kind == kind, Rate.jurisdiction == "GB", Rate.valid.contains(today))
    return sa.select(*columns).where(*holds).subquery(name)
