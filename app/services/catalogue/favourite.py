"""What a person saved to find it again, and telling them when it costs less than it did then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.outbox import send
from app.services.catalogue.search import on_sale
from app.services.catalogue.search_price import Priced
from app.services.platform import machine, notification
from models.catalogue.favourite import Favourite
from models.catalogue.listing import Listing
from models.errors import Conflict, NotFound
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from models.platform.notification import Notification
from models.types import uuid7

F = Favourite
MOST = 300
"""Of one person: a list of more is no list of wishes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A favourite that was taken off, with everything that brings it back as it was."""

    listing_id: UUID | None
    organisation_id: UUID | None
    name: str
    price_minor: int | None
    currency: str | None
    created_at: datetime


def save_listing(session: Session, slug: str, *, user_id: int) -> None:
    """On the list, with today's all-in price; saved before, it keeps the price of then. Raises NotFound, Conflict."""
    priced = Priced()
    columns = (Listing.id, Listing.title, Listing.currency, priced.all_in.label("all_in_minor"))
    question = priced.join(sa.select(*columns).select_from(Listing))
    found = session.execute(question.where(Listing.slug == slug.replace("\0", ""), *on_sale())).one_or_none()
    if found is None:
        raise NotFound("That is not offered at the moment.")
    price = {"price_minor": found.all_in_minor, "currency": found.currency}
    _add(session, user_id=user_id, listing_id=found.id, name=found.title, **price)


def save_seller(session: Session, slug: str, *, user_id: int) -> None:
    """On the list. Raises NotFound unless they may sell now, Conflict when the list is full."""
    found = session.execute(
        sa.select(Organisation.id, Organisation.name)
        .join(Seller, Seller.organisation_id == Organisation.id)
        .where(Organisation.slug == slug.replace("\0", ""), Seller.state == SellerState.active)
    ).one_or_none()
    if found is None:
        raise NotFound("They do not sell here at the moment.")
    _add(session, user_id=user_id, organisation_id=found.id, name=found.name)


def drop_listing(session: Session, slug: str, *, user_id: int) -> None:
    """Off the list; what was not on it stays off."""
    saved = sa.select(Listing.id).where(Listing.slug == slug.replace("\0", ""))
    session.execute(sa.delete(F).where(F.user_id == user_id, F.listing_id.in_(saved)))


def drop_seller(session: Session, slug: str, *, user_id: int) -> None:
    """The same for a seller."""
    saved = sa.select(Organisation.id).where(Organisation.slug == slug.replace("\0", ""))
    session.execute(sa.delete(F).where(F.user_id == user_id, F.organisation_id.in_(saved)))


def take_off(session: Session, favourite_id: UUID, *, user_id: int) -> Taken:
    """Off the list, from the list itself. Raises NotFound for one that is nobody's or another's."""
    columns = (F.listing_id, F.organisation_id, F.name, F.price_minor, F.currency, F.created_at)
    gone = session.execute(sa.delete(F).where(F.id == favourite_id, F.user_id == user_id).returning(*columns)).first()
    if gone is None:
        raise NotFound
    return Taken(*gone)


def put_back(session: Session, taken: Taken, *, user_id: int) -> None:
    """As it was, with the price of then; it stands at the top of the list."""
    kept = {name: getattr(taken, name) for name in Taken.__slots__}
    _add(session, user_id=user_id, **kept)


def saved_among(session: Session, user_id: int, listing_ids: Collection[UUID]) -> set[UUID]:
    """Which of these listings a person saved, in one statement."""
    mine = sa.select(F.listing_id).where(F.user_id == user_id, F.listing_id.in_(listing_ids))
    return {one for one in session.scalars(mine) if one is not None}


def has_seller(session: Session, user_id: int, organisation_id: UUID) -> bool:
    """Whether a person saved this seller."""
    mine = sa.select(F.id).where(F.user_id == user_id, F.organisation_id == organisation_id)
    return session.scalar(mine) is not None


def tell_cheaper(session: Session, listing_id: UUID | None = None) -> int:
    """Tells everybody whose saved listing (this one, or any) now costs less than when they saved it; answers how
    many people. The key is listing and price, so nobody is told of the same price twice."""
    priced = Priced()
    columns = (F.user_id, F.price_minor, F.currency, F.listing_id, priced.all_in.label("now_minor"))
    cheaper = priced.join(
        sa.select(*columns, Listing.title, Listing.slug, Organisation.name.label("seller"))
        .join(Listing, Listing.id == F.listing_id)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .where(priced.all_in < F.price_minor, Listing.currency == F.currency, *on_sale())
        .order_by(F.id)
    )
    key = sa.func.concat("favourite.cheaper:", F.listing_id, ":", priced.all_in)
    told = sa.exists().where(Notification.user_id == F.user_id, Notification.key == key)
    cheaper = cheaper.where(~told)
    if listing_id is not None:
        cheaper = cheaper.where(F.listing_id == listing_id)
    rows = session.execute(cheaper).all()
    for row in rows:
        words = {
            "title": row.title,
            "seller": row.seller,
            "price": (row.now_minor, row.currency),
            "saved": (row.price_minor, row.currency),
        }
        link, once = f"/l/{row.slug}", f"favourite.cheaper:{row.listing_id}:{row.now_minor}"
        notification.tell(session, "favourite.cheaper", to=row.user_id, words=words, link=link, key=once)
    return len(rows)


@machine.follow("listing", "approve", "reinstate", "resume")
def _ask_after_a_change(session: Session, row: Listing, _event: str, moved: int) -> None:
    """Back in the shop, perhaps at another price: asked for only when somebody saved it."""
    if session.scalar(sa.select(F.id).where(F.listing_id == row.id).limit(1)) is not None:
        key = f"favourite.cheaper:{row.id}:{moved}"
        send(session, "catalogue.favourite.tell_cheaper", key=key, payload={"listing_id": str(row.id)})


def _add(session: Session, *, user_id: int, **kept: Any) -> None:
    """One row for one person and thing, however often it is asked for."""
    count = session.scalar(sa.select(sa.func.count(F.id)).where(F.user_id == user_id)) or 0
    if count >= MOST:
        raise Conflict(f"You have saved {MOST} things. Take some off your list first.")
    session.execute(insert(F).values(id=uuid7(), user_id=user_id, **kept).on_conflict_do_nothing())
