"""An order as somebody may open it: as its buyer, as its seller, or as staff. For everybody else there is none."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.session import session
from models.actor import Actor, ActorKind
from models.commerce.order import Order
from models.errors import NotAllowed, NotFound
from views.api.caller import demand, is_staff, may, operator
from views.storefront.people.person import current_person

BUYER, SELLER, STAFF = ActorKind.buyer, ActorKind.seller, ActorKind.operator
_WHO = {BUYER: "the customer", SELLER: "the provider", STAFF: "staff"}


@dataclass(frozen=True, slots=True)
class Side:
    """Who acts, and the reference to find the order by in another transaction."""

    actor: Actor
    reference: str

    def order(self, work: Session) -> Order:
        """The order, in this transaction."""
        return work.scalars(sa.select(Order).where(Order.reference == self.reference)).one()


def order_of(reference: str) -> tuple[Order, ActorKind]:
    """The order and the side the caller stands on. Raises NotFound for strangers."""
    found = session.scalars(sa.select(Order).where(Order.reference == reference.upper())).first()
    if found is None:
        raise NotFound("There is no such order.")
    return found, side_of(found)


def side_of(order: Order) -> ActorKind:
    """On which side of an order the caller stands. Raises NotFound for strangers."""
    person = current_person()
    if person.buying is not None and order.buyer_organisation_id == person.buying.id:
        return BUYER
    if person.selling is not None and order.seller_organisation_id == person.selling.id:
        return SELLER
    if is_staff() and may("Order", "read"):
        return STAFF
    raise NotFound("There is no such order.")


def acting(reference: str, *kinds: ActorKind, permission: tuple[str, str] = ("", "")) -> Side:
    """The caller, if the move is one of their side's; staff need `permission` too.

    Raises NotFound for strangers and NotAllowed for the wrong side.
    """
    order, kind = order_of(reference)
    if kind not in kinds:
        raise NotAllowed(f"Only {' or '.join(_WHO[one] for one in kinds)} can do this.")
    if kind is STAFF:
        demand(*permission)
    return Side(actor_of(kind), order.reference)


def actor_of(kind: ActorKind) -> Actor:
    """The caller in this part."""
    if kind is STAFF:
        return operator()
    person = current_person()
    return person.buyer() if kind is BUYER else person.seller()
