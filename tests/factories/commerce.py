"""Orders in any state, made through the real verbs; the provider's words are given as it would say them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy.orm import Session

from app.clients.payments import Intent
from app.clients.storage import StoredContent
from app.services.catalogue import offer
from app.services.commerce import capture, checkout, order, quote
from app.services.platform import clock, stored_file
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout
from models.commerce.order import Order
from models.commerce.payment import Payment
from tests.factories import catalogue, people

CANCELLATION = "cancellation-information@1.0.0"
EXPRESS = "express-start-consent@1.0.0"
SITE = checkout.Site("14 Stackpool Road\nBristol", "BS3 1NG", "Key safe left of the door")


@dataclass(frozen=True)
class Story:
    """The two parties and what one sells."""

    buyer: people.Party
    seller: people.SellingParty
    listing: Listing


def story(session: Session, *, vat_registered: bool = True) -> Story:
    """A private customer, an active provider, and its live electrical report for 240.00 net."""
    seller = people.provider(session, vat_registered=vat_registered)
    buyer = people.customer(session)
    return Story(buyer, seller, catalogue.live(session, seller.actor))


def draft(session: Session, told: Story) -> Checkout:
    """A checkout that was just started."""
    return checkout.start(session, told.listing, actor=told.buyer.actor)


def submitted(session: Session, told: Story, row: Checkout | None = None) -> Payment:
    """A checkout that waits for its money, with the first visit that is offered."""
    row = row or draft(session, told)
    return checkout.submit(
        session,
        row,
        actor=told.buyer.actor,
        window_key=offer.windows(told.listing, now=clock.now())[0].key,
        site=SITE,
        told=checkout.Told(CANCELLATION, EXPRESS),
        fingerprint=quote.of_listing(session, told.listing, at=clock.now()).fingerprint,
        provider="simulator",
    )


def intent(row: Payment, status: str = "succeeded", **changes: object) -> Intent:
    """The provider's word about a payment."""
    received = row.amount_minor if status == "succeeded" else 0
    facts: dict[str, object] = {
        "id": row.intent_id or f"pi_{row.id.hex}",
        "status": status,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "received_minor": received,
        "reference": str(row.id),
        "fee_minor": 460 if status == "succeeded" else None,
    }
    return Intent(**{**facts, **changes})  # type: ignore[arg-type]


def paid(session: Session, told: Story) -> Order:
    """An order that waits for its provider."""
    row = submitted(session, told)
    capture.follow(session, row, intent(row))
    return order_of(session, row)


def order_of(session: Session, row: Payment) -> Order:
    return session.query(Order).filter_by(checkout_id=row.checkout_id).one()


def accepted(session: Session, told: Story) -> Order:
    made = paid(session, told)
    order.accept(session, made, actor=told.seller.actor)
    return made


def photo(session: Session) -> order.Proof:
    """Evidence whose bytes lie in storage under their hash (the bytes themselves are of no interest here)."""
    name = uuid4().bytes * 2
    content = StoredContent(f"sha256/{name.hex()[:2]}/{name.hex()}", name, 12_345)
    return order.Proof(stored_file.record(session, content, media_type="image/jpeg", purpose="evidence"), "The board")


def delivered(session: Session, told: Story) -> Order:
    made = accepted(session, told)
    order.start(session, made, actor=told.seller.actor)
    order.deliver(session, made, actor=told.seller.actor, proofs=[photo(session)])
    return made


def completed(session: Session, told: Story) -> Order:
    made = delivered(session, told)
    order.accept_delivery(session, made, actor=told.buyer.actor)
    return made
