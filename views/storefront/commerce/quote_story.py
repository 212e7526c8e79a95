"""A quote as its page shows it: what is wanted of whom, the offer with its all-in price, and where it went."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from app.services.commerce import quote, quote_request
from app.services.platform import clock
from models.actor import ActorKind
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.order import Order
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_request import QuoteRequest, QuoteState
from models.errors import NotFound
from models.platform.transition import Transition
from views.storefront.commerce.quote_words import BUYER, SELLER
from views.storefront.people.person import current_person

S = QuoteState


@dataclass(frozen=True, slots=True)
class Story:
    """`price` is what the checkout holds that it became, and worked out by today's rates while there is none. `onward`
    leads to that checkout or its order; what is `unpaid` can be given back."""

    row: QuoteRequest
    title: str
    offer: QuoteOffer | None
    price: quote.Quote | None
    valid: bool
    unpaid: bool
    over: bool
    reason: str
    onward: str
    onward_words: str


def of_side(work: Session, quote_id: UUID, side: ActorKind) -> QuoteRequest:
    """The quote, if the person who looks stands on this side of it. Raises NotFound."""
    person = current_person()
    party = person.buying if side is ActorKind.buyer else person.selling
    row = work.get(QuoteRequest, quote_id)
    own = row and (row.buyer_organisation_id if side is ActorKind.buyer else row.seller_organisation_id)
    if row is None or party is None or own != party.id:
        raise NotFound
    return row


def tell(work: Session, row: QuoteRequest, side: ActorKind) -> Story:
    """What one side reads."""
    last, titles = row.offer, BUYER if side is ActorKind.buyer else SELLER
    begun = quote_request.checkout_of(work, row) if row.state is S.accepted else None
    over = last is not None and clock.now() > last.valid_until
    onward, words = _onward(work, begun, side, over=over) if begun else ("", "")
    return Story(
        row=row,
        title=titles[row.state],
        offer=last,
        price=_price(work, row, last, begun),
        valid=last is not None and row.state is S.offered and not over,
        unpaid=begun is not None and begun.state is not CheckoutState.paid,
        over=over,
        reason=_reason(work, row) if row.state is S.declined else "",
        onward=onward,
        onward_words=words,
    )


def _price(work: Session, row: QuoteRequest, last: QuoteOffer | None, begun: Checkout | None) -> quote.Quote | None:
    if begun is not None:
        return quote.of_checkout(begun)
    return quote.of_offer(work, row.listing, last, at=clock.now()) if last else None


def _onward(work: Session, begun: Checkout, side: ActorKind, *, over: bool) -> tuple[str, str]:
    bought = side is ActorKind.buyer
    if begun.state is CheckoutState.paid:
        reference = work.scalar(sa.select(Order.reference).where(Order.checkout_id == begun.id))
        at = url_for("storefront.order" if bought else "storefront.pro_order", reference=reference)
        return at, f"Order {reference}"
    if over and begun.state is CheckoutState.draft:  # it ends with its offer, at the next tick of the clock
        return "", ""
    return (url_for("storefront.checkout", checkout_id=begun.id), "Go on and order") if bought else ("", "")


def _reason(work: Session, row: QuoteRequest) -> str:
    past = sa.select(Transition.reason).where(
        Transition.machine == "quote", Transition.subject_id == row.id, Transition.event == "decline"
    )
    return work.scalar(past.order_by(Transition.id.desc()).limit(1)) or ""
