"""The facts of a contract, as they were when the seller accepted."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.services.commerce import cancellation, cancellation_policy, deal
from models.catalogue.listing import Listing
from models.commerce.document import DocumentKind
from models.commerce.order import Order
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_request import QuoteRequest
from models.errors import Conflict
from reports.commerce import facts
from reports.commerce.facts import Consent, ContractFacts, Ladder, Party, Rung, Visit


def contract_facts(session: Session, order_id: UUID, *, marketplace: Party) -> ContractFacts:
    """Raises Conflict for an order that nobody accepted, NoResultFound for none."""
    order = session.get_one(Order, order_id)
    if order.accepted_at is None:
        raise Conflict("A contract needs an acceptance.")
    listing = session.get_one(Listing, order.lines[0].listing_id)
    checkout, work = order.checkout, _work(session, order)
    consumer = order.buyer_organisation.personal
    ordered_on = deal.day(order.captured_at, order.visit_zone)
    return ContractFacts(
        **deal.common(session, order, DocumentKind.contract, marketplace=marketplace, issued_at=order.accepted_at),
        ordered_at=order.captured_at,
        accepted_at=order.accepted_at,
        listing=facts.Listing(
            title=work.title,
            description=work.description,
            reference=listing.slug,
            area=", ".join(sorted(covered.area for covered in listing.areas)),
        ),
        visit=Visit(
            starts_at=order.visit_start,
            ends_at=order.visit_end,
            zone=order.visit_zone,
            address=(*order.site_address.splitlines(), order.site_postcode),
            access_notes=order.access_notes,
        ),
        ladder=_ladder(order),
        consents=tuple(_consents(order)),
        terms=(deal.text_on("order-terms", ordered_on), deal.text_on("protected-payment-hold", ordered_on)),
        cancellation=deal.text(checkout.cancellation_text) if consumer else None,
        cancellation_form=deal.text_on("model-cancellation-form", ordered_on) if consumer else None,
        cancel_before=cancellation.period_ends(order.accepted_at, order.visit_zone) if consumer else None,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be done, in the words that both sides agreed to."""

    title: str
    description: str


def _work(session: Session, order: Order) -> _Work:
    """As it was shown; of a quote, the job as the customer described it and the offer that was accepted."""
    first = order.lines[0]
    if order.checkout.quote_offer_id is None:
        return _Work(first.title, first.description)
    offer = session.get_one(QuoteOffer, order.checkout.quote_offer_id)
    job = session.get_one(QuoteRequest, offer.quote_id)
    parts = [
        f"The customer's job: {job.text}",
        *(["Photos and documents that came with it: " + ", ".join(_names(job))] if job.files else []),
        f"Offer {offer.number} of the provider: " + "; ".join(line.title for line in offer.lines) + ".",
        *([f"With the offer: {offer.note}"] if offer.note else []),
    ]
    return _Work(first.description, "\n".join(parts))


def _names(job: QuoteRequest) -> list[str]:
    return [one.stored_file.original_name or "a file" for one in job.files]


def _ladder(order: Order) -> Ladder:
    """The policy the order was placed under, with the dates of its visit and the sums of its price."""
    policy = order.cancellation_policy
    rungs = tuple(
        Rung(until=one.until(order.visit_start), back=one.back_minor(order.gross_minor))
        for one in cancellation_policy.rungs(policy)
    )
    return Ladder(name=policy.name if policy else "", summary=policy.summary if policy else "", rungs=rungs)


def _consents(order: Order) -> list[Consent]:
    checkout = order.checkout
    given = []
    if checkout.cancellation_shown_at:
        told = deal.text(checkout.cancellation_text)
        given.append(Consent(text=told, how="Shown before ordering", at=checkout.cancellation_shown_at))
    if checkout.express_start_at:
        wish = deal.text(checkout.express_start_text)
        given.append(Consent(text=wish, how="Ticked by the customer", at=checkout.express_start_at))
    return given
