"""What can be in the way of a quote though its offer stands: staff, the business's own state, a holiday."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue.offer import Window
from app.services.moderation.decision import RESTRICTIONS
from app.services.people import absence
from models.catalogue.listing import Listing
from models.errors import Conflict
from models.moderation.moderation_decision import ModerationDecision
from models.people.seller import Seller, SellerState

OFF_SALE = "This is not on sale at the moment."


def sells(session: Session, listing: Listing) -> bool:
    """Whether whoever offers this may sell anything now."""
    active = sa.select(Seller.id).where(
        Seller.organisation_id == listing.organisation_id, Seller.state == SellerState.active
    )
    return session.scalar(active) is not None


def require_offered(session: Session, listing: Listing) -> None:
    """An offer outlives a change of its listing, and not what staff took out of the shop. Raises Conflict."""
    if taken_down(session, listing) or not sells(session, listing):
        raise Conflict(OFF_SALE)


def taken_down(session: Session, listing: Listing) -> bool:
    """Whether staff's last word on it is a no: it stays one when the provider retires it or takes it up again."""
    past = sa.select(ModerationDecision.outcome).where(ModerationDecision.listing_id == listing.id)
    last = past.order_by(ModerationDecision.decided_at.desc(), ModerationDecision.transition_id.desc()).limit(1)
    return session.scalar(last) in RESTRICTIONS


def away(session: Session, listing: Listing, visit: Window) -> str:
    """The first day back, in words, when the visit falls on days on which the business is away; else empty."""
    found = absence.of_organisation(session, listing.organisation_id)
    if found is None or not found.covers(visit.starts_at, visit.ends_at):
        return ""
    return f"{found.until_day:%A} {found.until_day.day} {found.until_day:%B %Y}"
