"""Orders in any state, made through the real verbs; the provider's words are given as it would say them."""

from __future__ import annotations

from collections.abc import Sequence
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
from models.commerce.checkout_line import CheckoutLine
from models.commerce.order import Order, OrderState
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


def story(session: Session, *, vat_registered: bool = True, trader: bool = False) -> Story:
    """A private customer (or a business), an active provider, and its live electrical report for 240.00 net."""
    seller = people.provider(session, vat_registered=vat_registered)
    buyer = people.business(session) if trader else people.customer(session)
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


@dataclass(frozen=True)
class Price:
    """One line as it was agreed. Minor units; commission 12 % of net and 20 % VAT on it unless told."""

    title: str
    net: int
    vat: int
    commission: int
    commission_vat: int


WORKED_EXAMPLE = (
    Price("Survey", 240_00, 48_00, 28_80, 5_76),
    Price("Floor sander, 3 days", 90_00, 18_00, 13_50, 2_70),
    Price("7 sheets of plywood", 29_11, 5_82, 3_49, 70),
)
"""Three lines of 288.00, 108.00 and 34.93 gross: together 430.93."""


def paid_for(session: Session, told: Story, prices: Sequence[Price] = WORKED_EXAMPLE) -> Order:
    """An order of several lines, which no page sells yet: the lines are set before the money is taken."""
    row = submitted(session, told)
    checkout_row, first = row.checkout, row.checkout.lines[0]
    checkout_row.lines = [
        CheckoutLine(
            listing_id=first.listing_id,
            position=position,
            title=one.title,
            description=one.title,
            net_minor=one.net,
            vat_bps=2000,
            vat_minor=one.vat,
            gross_minor=one.net + one.vat,
            tax_reason="standard_rated",
            commission_bps=1200,
            commission_minor=one.commission,
            commission_vat_bps=2000,
            commission_vat_minor=one.commission_vat,
        )
        for position, one in enumerate(prices, 10)
    ]
    checkout_row.gross_minor = sum(one.net + one.vat for one in prices)
    checkout_row.total_minor = checkout_row.gross_minor + checkout_row.fee_net_minor + checkout_row.fee_vat_minor
    row.amount_minor = checkout_row.total_minor
    session.flush()
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


def delivered(session: Session, told: Story, made: Order | None = None) -> Order:
    made = made or accepted(session, told)
    if made.state is OrderState.pending_acceptance:
        order.accept(session, made, actor=told.seller.actor)
    order.start(session, made, actor=told.seller.actor)
    order.deliver(session, made, actor=told.seller.actor, proofs=[photo(session)])
    return made


def completed(session: Session, told: Story, made: Order | None = None) -> Order:
    made = delivered(session, told, made)
    order.accept_delivery(session, made, actor=told.buyer.actor)
    return made
