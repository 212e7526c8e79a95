"""Quotes, to be read: the job, the offers as they were made, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload

from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout
from models.commerce.order import Order
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_request import QuoteRequest, QuoteState
from models.people.organisation import Organisation
from views import drawing
from views.columns import Column, EnumFacet, Tab
from views.console.commerce.order import party
from views.interface import Interface
from views.record import RecordView

Q, S = QuoteRequest, QuoteState
BUYER, SELLER = aliased(Organisation), aliased(Organisation)


class QuoteView(RecordView):
    """Nobody at a desk moves a quote: the two sides do, and the clock."""

    datamodel = Interface(
        Q,
        eager=(
            joinedload(Q.listing),
            joinedload(Q.buyer_organisation),
            joinedload(Q.seller_organisation),
            selectinload(Q.offers).selectinload(QuoteOffer.lines),
        ),
    )
    resource, label, group, icon, nouns = "Quote", "Quotes", "Commerce", "file-text", "quotes"
    route_base = "/quotes"
    show_template = "console/quote.html"
    empty = "When customers ask for quotes, they will be listed here."
    newest = (Q.created_at,)
    road = (S.requested, S.offered, S.accepted)
    search = (Listing.title, BUYER.name, SELLER.name)
    columns = (
        Column("listing", "Listing", "title", get=lambda r: r.listing.title, order=Listing.title, slot="title"),
        Column("buyer", "Customer", get=lambda r: r.buyer_organisation.name, order=BUYER.name, width="l", slot="meta"),
        Column("seller", "Provider", get=lambda r: r.seller_organisation.name, order=SELLER.name, width="l", prio=2),
        Column("offers", "Offers", "number", get=lambda r: len(r.offers), width="s", slot="end"),
        Column("state", "State", "status", order=Q.state, width="ml", slot="status"),
        Column("created_at", "Asked", "ago", order=Q.created_at, width="s", slot="due"),
    )
    facets = (EnumFacet("state", "State", Q.state, "list-check"),)
    tabs = (Tab("All"), Tab("Requested", {"state": ["requested"]}), Tab("Offered", {"state": ["offered"]}))

    def narrowed(self) -> Any:
        query = super().narrowed().join(Listing, Listing.id == Q.listing_id)
        query = query.join(BUYER, BUYER.id == Q.buyer_organisation_id)
        return query.join(SELLER, SELLER.id == Q.seller_organisation_id)

    def heading(self, row: QuoteRequest) -> str:
        return row.listing.title

    def facts(self, row: QuoteRequest) -> Sequence[tuple[str, Any]]:
        return [
            ("Customer", party(row.buyer_organisation)),
            ("Provider", party(row.seller_organisation)),
            ("Postcode", row.site_postcode),
            ("Wished from", drawing.plain(row.wished_from)),
            ("Asked", drawing.when(row.created_at)),
            ("Valid until", drawing.when(row.valid_until)),
        ]

    def more(self, row: QuoteRequest) -> dict[str, Any]:
        made = sa.select(Order.reference).join(Checkout, Checkout.id == Order.checkout_id)
        made = made.join(QuoteOffer, QuoteOffer.id == Checkout.quote_offer_id).where(QuoteOffer.quote_id == row.id)
        return {"order": self.datamodel.session().scalar(made)}
