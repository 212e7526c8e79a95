"""Both sides' lists of quotes."""

from __future__ import annotations

import sqlalchemy as sa
from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload

from app.session import session
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_request import QuoteRequest, QuoteState
from views.storefront.blueprint import storefront
from views.storefront.commerce.quote_words import BADGES
from views.storefront.guard import customer, provider
from views.storefront.paging import page_of
from views.storefront.people.person import current_person

PARTS = (
    joinedload(QuoteRequest.listing),
    joinedload(QuoteRequest.buyer_organisation),
    joinedload(QuoteRequest.seller_organisation),
    selectinload(QuoteRequest.offers).selectinload(QuoteOffer.lines),
)


@storefront.get("/quotes")
@customer
def quotes_of_mine() -> ResponseReturnValue:
    """Newest first, twenty at a time."""
    buyer = current_person().buyer().organisation_id
    mine = sa.select(QuoteRequest).where(QuoteRequest.buyer_organisation_id == buyer).options(*PARTS)
    page = page_of(session(), mine, QuoteRequest.id, request.args.get("before"))
    return render_template("storefront/commerce/quotes.html", page=page, badges=BADGES)


@storefront.get("/pro/quotes")
@provider
def pro_quotes() -> ResponseReturnValue:
    """What waits for an offer, the soonest end first, and the rest, newest first."""
    seller = current_person().seller().organisation_id
    mine = sa.select(QuoteRequest).where(QuoteRequest.seller_organisation_id == seller).options(*PARTS)
    waiting = mine.where(QuoteRequest.state == QuoteState.requested).order_by(QuoteRequest.id).limit(50)
    rest = mine.where(QuoteRequest.state != QuoteState.requested)
    page = page_of(session(), rest, QuoteRequest.id, request.args.get("before"))
    waits = session.scalars(waiting).all()
    return render_template("storefront/commerce/pro_quotes.html", waiting=waits, page=page, badges=BADGES)
