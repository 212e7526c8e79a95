"""What everybody may know of a seller: who they are, since when, what was checked and when. Dated facts, no praise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from models.catalogue.listing import Listing, ListingState
from models.commerce.order import Order, OrderState
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from models.platform.transition import Transition


@dataclass(frozen=True, slots=True)
class Standing:
    """`checked_at` is when staff last let them sell (UTC), None for sellers older than the record of it."""

    organisation: Organisation
    since: datetime
    checked_at: datetime | None
    finished_orders: int


def of_slug(session: Session, slug: str) -> Standing | None:
    """The active seller at a public address; None for everybody else, so that a page never outlives a standing."""
    found = session.scalar(
        sa.select(Seller)
        .join(Organisation, Organisation.id == Seller.organisation_id)
        .where(Organisation.slug == slug.replace("\0", ""), Seller.state == SellerState.active)
        .options(joinedload(Seller.organisation))
    )
    if found is None:
        return None
    checked = sa.select(sa.func.max(Transition.at)).where(
        Transition.machine == "seller", Transition.subject_id == found.id, Transition.event == "approve"
    )
    finished = sa.select(sa.func.count(Order.id)).where(
        Order.seller_organisation_id == found.organisation_id, Order.state == OrderState.completed
    )
    return Standing(found.organisation, found.created_at, session.scalar(checked), session.scalar(finished) or 0)


def on_sale_count(session: Session, standing: Standing) -> int:
    """How many listings of theirs are in the shop."""
    live = sa.select(sa.func.count(Listing.id)).where(
        Listing.organisation_id == standing.organisation.id, Listing.state == ListingState.live
    )
    return session.scalar(live) or 0
