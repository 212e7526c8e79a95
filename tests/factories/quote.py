"""Quotes in any state, made through the real verbs."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.services.catalogue import offer as visits
from app.services.commerce import quote_request
from app.services.commerce.quote_job import Job
from app.services.commerce.quote_terms import Item, Terms
from app.services.platform import clock
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout
from models.commerce.quote_request import QuoteRequest
from tests.factories import commerce

TEXT = "A flat with two boards: one in the hall and an old one in the kitchen. Both tested, please."
ITEMS = (Item("Report for two boards", 310_00), Item("New main switch", 85_50))


def job(**changes: Any) -> Job:
    """A job in an area that the factories' listings cover."""
    typed = {"text": TEXT, "address": "14 Stackpool Road, Bristol", "postcode": "bs3 1ng", "wished": "Not on Fridays"}
    return Job(**(typed | changes))


def visit(listing: Listing, days: int = 20, first: time = time(8), last: time = time(12)) -> visits.Window | None:
    """So many days from today on the provider's clock."""
    day = (clock.now() + timedelta(days=days)).astimezone(ZoneInfo("Europe/London")).date()
    return visits.between(listing, (day, first), (day, last))


def terms(listing: Listing, **changes: Any) -> Terms:
    """Two lines of 395.50 net together, a morning in twenty days, valid for a week."""
    typed = {"items": ITEMS, "visit": visit(listing), "note": "The kitchen board comes off for an hour."}
    return Terms(**(typed | changes))


def requested(session: Session, told: commerce.Story, **changes: Any) -> QuoteRequest:
    """One that waits for its offer."""
    return quote_request.ask(session, told.listing, actor=told.buyer.actor, job=job(**changes))


def offered(session: Session, told: commerce.Story, **changes: Any) -> QuoteRequest:
    """One with an offer."""
    row = requested(session, told)
    quote_request.offer(session, row, actor=told.seller.actor, terms=terms(told.listing, **changes))
    return row


def accepted(session: Session, told: commerce.Story, **changes: Any) -> tuple[QuoteRequest, Checkout]:
    """One with its checkout."""
    row = offered(session, told, **changes)
    return row, quote_request.accept(session, row, actor=told.buyer.actor, number=1)
