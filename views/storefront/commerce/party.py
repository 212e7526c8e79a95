"""An order as one of its parties opens it. A stranger's order, and the other side's page of one's own, do not exist."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, joinedload, selectinload

from app.services.commerce import checkout as checkouts
from app.session import session
from models.actor import Actor, ActorKind
from models.commerce.checkout import Checkout
from models.commerce.document import Document, DocumentKind
from models.commerce.evidence import Evidence
from models.commerce.order import Order
from models.errors import NotFound
from views.storefront import files
from views.storefront.people.person import current_person

SHOWN_IN_LISTS = (
    joinedload(Order.buyer_organisation),
    joinedload(Order.seller_organisation),
    selectinload(Order.lines),
)
"""What a line of a list shows, so that twenty orders cost as many statements as one."""


def order_of(work: Session, reference: str, side: ActorKind) -> Order:
    """The order with this reference, if the person who looks stands on this side of it. Raises NotFound."""
    person = current_person()
    party = person.buying if side is ActorKind.buyer else person.selling
    column = Order.buyer_organisation_id if side is ActorKind.buyer else Order.seller_organisation_id
    if party is None:
        raise NotFound
    found = work.scalars(sa.select(Order).where(Order.reference == reference.upper(), column == party.id)).first()
    if found is None:
        raise NotFound
    return found


def actor(side: ActorKind) -> Actor:
    """The person who looks, on this side; its guard let them through."""
    person = current_person()
    return person.buyer() if side is ActorKind.buyer else person.seller()


def checkout_of(work: Session, checkout_id: UUID) -> Checkout:
    """The person's own checkout. Raises NotFound for everybody else's."""
    party = current_person().buying
    found = checkouts.of_buyer(work, checkout_id, frozenset({party.id} if party else set()))
    if found is None:
        raise NotFound
    return found


def document(reference: str, kind: str, side: ActorKind) -> ResponseReturnValue:
    """The contract or the receipt as a download. Raises NotFound."""
    order = order_of(session(), reference, side)
    if kind not in DocumentKind.__members__:
        raise NotFound
    query = sa.select(Document).where(Document.order_id == order.id, Document.kind == DocumentKind[kind])
    found = session.scalars(query).first()
    if found is None:
        raise NotFound
    return files.send(found.stored_file, f"{order.reference}-{kind}.pdf")


def evidence(reference: str, evidence_id: UUID, side: ActorKind) -> ResponseReturnValue:
    """A file the provider showed. Raises NotFound, also for evidence of another order."""
    order = order_of(session(), reference, side)
    found = session.get(Evidence, evidence_id)
    if found is None or found.order_id != order.id:
        raise NotFound
    return files.send(found.stored_file, found.stored_file.original_name or f"{order.reference}-evidence")
