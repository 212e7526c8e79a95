"""VAT: from which day a standing decides about new lines. Old orders keep their tax."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import vat_number
from app.services.platform import clock
from models.actor import Actor
from models.errors import Invalid
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from models.people.vat_status import VatStatus

UK = ZoneInfo("Europe/London")
_FURTHEST = 366


def today() -> date:
    """The day in the business zone."""
    return clock.now().astimezone(UK).date()


def declare(
    session: Session, row: Seller, *, actor: Actor, registered: bool, number: str = "", from_day: date | None = None
) -> VatStatus:
    """From a day on, today at the earliest, new lines carry VAT or not. Raises Invalid."""
    now, day = today(), from_day or today()
    if not now <= day or (day - now).days > _FURTHEST:
        raise Invalid(
            "Choose another day.", {"vat_from": "Choose today or a day in the coming year: older orders do not change."}
        )
    said = VatStatus(
        seller_id=row.id,
        registered=registered,
        number=vat_number.written(number) if registered else "",
        from_day=day,
        declared_by_user_id=actor.user_id,
    )
    session.add(said)
    look_again(row)
    session.info["verb"] = "vat_status.declare"
    session.flush()
    settle(session, row)
    return said


def look_again(row: Seller) -> None:
    """Something that staff had checked has changed: a selling seller goes on, and is looked at again."""
    if row.state in {SellerState.active, SellerState.restricted}:
        row.to_check_since = row.to_check_since or clock.now()


def settle(session: Session, row: Seller) -> bool:
    """Makes the seller's own columns those of the row in force; True when that changed them."""
    current = in_force(session, row, today())
    if current is None:
        return False
    organisation = session.get_one(Organisation, row.organisation_id)
    if (row.vat_registered, organisation.vat_number) == (current.registered, current.number):
        return False
    row.vat_registered, organisation.vat_number = current.registered, current.number
    session.info["verb"] = "vat_status.settle"
    session.flush()
    return True


def due(session: Session) -> list[Seller]:
    """Sellers whose standing of today is not in their own columns yet."""
    today_ = today()
    begun = sa.select(VatStatus.seller_id).where(VatStatus.from_day.between(today_ - timedelta(days=7), today_))
    return list(session.scalars(sa.select(Seller).where(Seller.id.in_(begun)).order_by(Seller.id)))


def in_force(session: Session, row: Seller, on: date) -> VatStatus | None:
    """What stands on a day; None when nothing was ever said."""
    said = sa.select(VatStatus).where(VatStatus.seller_id == row.id, VatStatus.from_day <= on)
    return session.scalars(said.order_by(VatStatus.from_day.desc(), VatStatus.id.desc()).limit(1)).first()


def coming(session: Session, row: Seller) -> VatStatus | None:
    """The next change that is declared and has not begun."""
    later = sa.select(VatStatus).where(VatStatus.seller_id == row.id, VatStatus.from_day > today())
    return session.scalars(later.order_by(VatStatus.from_day, VatStatus.id.desc()).limit(1)).first()


def charges(on: date) -> sa.ColumnElement[bool]:
    """Whether the seller of an enclosing question charges VAT on lines made on a day."""
    said = (
        sa.select(VatStatus.registered)
        .where(VatStatus.seller_id == Seller.id, VatStatus.from_day <= on)
        .order_by(VatStatus.from_day.desc(), VatStatus.id.desc())
        .limit(1)
        .correlate(Seller)
        .scalar_subquery()
    )
    return sa.func.coalesce(said, Seller.vat_registered)


def charging(session: Session, organisations: Collection[UUID], on: date) -> set[UUID]:
    """Which of these organisations charge VAT on lines made on a day."""
    query = sa.select(Seller.organisation_id).where(Seller.organisation_id.in_(organisations), charges(on))
    return set(session.scalars(query))
