"""What stands in the list of what a person saved: the present price, the next visit, or that it is not offered now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.services.catalogue import offer
from app.services.catalogue.search import on_sale
from app.services.people import absence
from app.services.platform import clock
from models.catalogue.favourite import Favourite
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from views.storefront.catalogue.card import Card, cards


@dataclass(frozen=True, slots=True)
class Saved:
    """One line of the list. Without a `card` it is not offered now; `cheaper_minor` is what it costs less than then."""

    row: Favourite
    card: Card | None = None
    next_visit: offer.Window | None = None
    cheaper_minor: int = 0
    dearer: bool = False


def listings(mine: sa.Select[Favourite]) -> sa.Select[Favourite]:
    """The saved listings of `mine`, with what their lines show."""
    of = joinedload(Favourite.listing)
    return mine.where(Favourite.listing_id.is_not(None)).options(
        of.joinedload(Listing.organisation),
        of.joinedload(Listing.service),
        of.selectinload(Listing.nodes).joinedload(ListingNode.node),
        of.selectinload(Listing.visit_hours),
    )


def sellers(mine: sa.Select[Favourite]) -> sa.Select[Favourite]:
    """The saved sellers of `mine`."""
    return mine.where(Favourite.organisation_id.is_not(None)).options(joinedload(Favourite.organisation))


def told(work: Session, rows: list[Favourite]) -> list[Saved]:
    """With the present price and the next visit of those that are offered now."""
    wanted = Listing.id.in_([row.listing_id for row in rows])
    offered = set(work.scalars(sa.select(Listing.id).where(wanted, *on_sale())))
    there = [row.listing for row in rows if row.listing is not None and row.listing.id in offered]
    by_id = dict(zip((one.id for one in there), cards(work, there), strict=True))
    now, away = clock.now(), absence.of_organisations(work, {one.organisation_id for one in there})
    visits = {one.id: offer.outside(one, away.get(one.organisation_id), now=now) for one in there}
    return [
        _line(row, by_id[row.listing.id], visits[row.listing.id]) if row.listing in there else Saved(row)
        for row in rows
        if row.listing is not None
    ]


def _line(row: Favourite, card: Card, windows: list[offer.Window]) -> Saved:
    less = (row.price_minor or 0) - card.all_in_minor
    return Saved(row, card, windows[0] if windows else None, max(less, 0), less < 0)


def selling(work: Session, rows: list[Favourite]) -> dict[UUID, int]:
    """How many listings each of these sellers has in the shop; who may not sell is left out."""
    ids = [row.organisation_id for row in rows]
    counted = (
        sa.select(Organisation.id, sa.func.count(Listing.id).label("number"))
        .join(Seller, Seller.organisation_id == Organisation.id)
        .outerjoin(Listing, sa.and_(Listing.organisation_id == Organisation.id, Listing.state == ListingState.live))
        .where(Organisation.id.in_(ids), Seller.state == SellerState.active)
        .group_by(Organisation.id)
    )
    return {row.id: row.number for row in work.execute(counted)}
