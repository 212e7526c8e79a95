"""Insured sellers only: what is not covered today is not sold today, and is back the day it is covered again."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import trader_notice
from app.services.people.vat_status import today
from app.services.platform import machine
from models.actor import Actor
from models.people.seller import Seller, SellerState
from models.people.trader_document import DocumentKind, DocumentState, TraderDocument
from models.platform.transition import Transition

NEEDED = DocumentKind.public_liability
CAUSE = "insurance"
ACTOR = Actor.system("insurance")
ENDED = (
    "Public liability insurance has run out. Nothing of yours is sold until a policy that is in force has been checked."
)
BACK = "A policy that is in force has been checked."


def covered(session: Session, row: Seller, kind: DocumentKind, on: date) -> bool:
    """A checked policy of this kind is in force on a day."""
    query = sa.select(TraderDocument.id).where(
        TraderDocument.seller_id == row.id,
        TraderDocument.kind == kind,
        TraderDocument.state == DocumentState.checked,
        TraderDocument.valid_from <= on,
        TraderDocument.valid_until >= on,
    )
    return session.scalar(query.limit(1)) is not None


def lasts_beyond(session: Session, row: TraderDocument) -> bool:
    """Another checked policy of the kind goes on after this one's last day."""
    query = sa.select(TraderDocument.id).where(
        TraderDocument.seller_id == row.seller_id,
        TraderDocument.kind == row.kind,
        TraderDocument.state == DocumentState.checked,
        TraderDocument.valid_until > row.valid_until,
    )
    return session.scalar(query.limit(1)) is not None


def settle(session: Session, row: Seller) -> bool:
    """Restricts an active seller whose policy has run out, lifts what began that way; True when it did either.

    A seller who never had a checked policy is older than this rule, and is asked by people, not by the clock.
    """
    safe = covered(session, row, NEEDED, today())
    if row.state is SellerState.active and not safe and _had_one(session, row):
        machine.apply(session, row, "restrict", actor=ACTOR, reason=ENDED, detail={"cause": CAUSE})
        trader_notice.hidden(session, row)
        return True
    if row.state is SellerState.restricted and safe and by_itself(session, row):
        machine.apply(session, row, "lift", actor=ACTOR, reason=BACK, detail={"cause": CAUSE})
        trader_notice.back(session, row, BACK)
        return True
    return False


def by_itself(session: Session, row: Seller) -> bool:
    """The restriction in force came from a missing policy, not from a person."""
    last = sa.select(Transition).where(
        Transition.machine == "seller", Transition.subject_id == row.id, Transition.to_state == "restricted"
    )
    found = session.scalars(last.order_by(Transition.id.desc()).limit(1)).first()
    return found is not None and found.detail.get("cause") == CAUSE


def unsettled(session: Session) -> list[Seller]:
    """Sellers out of sale for want of a policy: a renewal that was checked ahead of its first day begins by itself."""
    restricted = sa.select(Seller).where(Seller.state == SellerState.restricted)
    return [row for row in session.scalars(restricted) if by_itself(session, row)]


def _had_one(session: Session, row: Seller) -> bool:
    query = sa.select(TraderDocument.id).where(
        TraderDocument.seller_id == row.id, TraderDocument.kind == NEEDED, TraderDocument.state == DocumentState.expired
    )
    return session.scalar(query.limit(1)) is not None
