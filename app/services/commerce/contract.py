"""The facts of a contract, as they were when the seller accepted."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.services.commerce import cancellation, cancellation_policy, deal
from models.catalogue.listing import Listing
from models.commerce.document import DocumentKind
from models.commerce.order import Order
from models.errors import Conflict
from reports.commerce import facts
from reports.commerce.facts import Consent, ContractFacts, Ladder, Party, Rung, Visit


def contract_facts(session: Session, order_id: UUID, *, marketplace: Party) -> ContractFacts:
    """Raises Conflict for an order that nobody accepted, NoResultFound for none."""
    order = session.get_one(Order, order_id)
    if order.accepted_at is None:
        raise Conflict("A contract needs an acceptance.")
    listing = session.get_one(Listing, order.lines[0].listing_id)
    checkout = order.checkout
    consumer = order.buyer_organisation.personal
    ordered_on = deal.day(order.captured_at, order.visit_zone)
    return ContractFacts(
        **deal.common(session, order, DocumentKind.contract, marketplace=marketplace, issued_at=order.accepted_at),
        ordered_at=order.captured_at,
        accepted_at=order.accepted_at,
        listing=facts.Listing(
            title=order.lines[0].title,
            description=order.lines[0].description,
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
