"""Who is told what of a quote: each side by its own page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.services.platform import notification
from models.commerce.quote_request import QuoteRequest

BUYER, SELLER = "buyer", "seller"


def tell(session: Session, row: QuoteRequest, event: str, side: str, *, key: str = "", **words: Any) -> None:
    """Tells one side once per event and `key`. `words` as the event's sentences want them."""
    bought = side == BUYER
    to = row.buyer_organisation_id if bought else row.seller_organisation_id
    said = {
        "title": row.listing.title,
        "buyer": row.buyer_organisation.name,
        "seller": row.seller_organisation.name,
        **words,
    }
    link = f"{'' if bought else '/pro'}/quotes/{row.id}"
    notification.tell(session, event, to=to, words=said, link=link, key=f"{event}:{row.id}:{key}:{side}")
