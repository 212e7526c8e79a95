"""The marks of staff: what was checked, by whom, when, and whether the facts are still those."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import trader_cover, vat_status
from app.services.people.trader_facts import digest
from app.services.platform import machine
from models.actor import Actor
from models.errors import Conflict, NotAllowed
from models.people.membership import Membership
from models.people.seller import Seller
from models.people.trader_check import CheckItem, TraderCheck
from models.people.trader_document import DocumentKind, DocumentState, TraderDocument


@dataclass(frozen=True, slots=True)
class Mark:
    """One item: never checked (`at` is None), checked, or checked before the facts changed (`current` is False)."""

    item: CheckItem
    current: bool
    at: datetime | None = None
    user_id: int | None = None


def marks(session: Session, row: Seller) -> list[Mark]:
    """Every item with its latest mark, in the order of the checklist."""
    mine = sa.select(TraderCheck).where(TraderCheck.seller_id == row.id).order_by(TraderCheck.id)
    latest = {one.item: one for one in session.scalars(mine)}
    found = []
    for item in CheckItem:
        one = latest.get(item)
        if one is None:
            found.append(Mark(item, current=False))
        else:
            current = one.facts_sha256 == digest(session, row, item)
            found.append(Mark(item, current, one.created_at, one.user_id))
    return found


def mark(session: Session, row: Seller, *, actor: Actor, item: CheckItem, seen: bytes) -> TraderCheck:
    """This item is right. `seen` is the digest of the facts that were on the screen. Raises Conflict when they have
    changed since, NotAllowed for one's own organisation."""
    machine.lock(session, row)
    _not_ones_own(session, row, actor)
    if seen != digest(session, row, item):
        raise Conflict("These facts changed while you looked at them. Check them again.")
    made = TraderCheck(seller_id=row.id, item=item, facts_sha256=seen, user_id=actor.user_id)
    session.add(made)
    session.info["verb"] = "trader_check.mark"
    session.flush()
    looked_at(session, row)
    return made


def looked_at(session: Session, row: Seller) -> None:
    """Takes the seller out of the queue when nothing is left to look at."""
    papers = sa.select(TraderDocument.id).where(
        TraderDocument.seller_id == row.id, TraderDocument.state == DocumentState.waiting
    )
    session.flush()
    if session.scalar(papers.limit(1)) is None and all(one.current for one in marks(session, row)):
        row.to_check_since = None
        session.flush()


def unchecked(session: Session, row: Seller) -> list[str]:
    """What nobody has checked, or what changed since; empty when everything stands."""
    open_ = [one.item.value for one in marks(session, row) if not one.current]
    if not _identity_checked(session, row):
        open_.append(DocumentKind.identity.value)
    if not trader_cover.covered(session, row, trader_cover.NEEDED, vat_status.today()):
        open_.append(trader_cover.NEEDED.value)
    return [open_[0], *(one[:1].lower() + one[1:] if one != "VAT" else one for one in open_[1:])] if open_ else []


@machine.guard("seller", "approve")
def _everything_is_checked(session: Session, row: Seller, _arguments: dict[str, Any]) -> str | None:
    open_ = unchecked(session, row)
    return f"Not checked yet: {', '.join(open_)}." if open_ else None


def _identity_checked(session: Session, row: Seller) -> bool:
    mine = sa.select(TraderDocument.id).where(
        TraderDocument.seller_id == row.id,
        TraderDocument.kind == DocumentKind.identity,
        TraderDocument.state == DocumentState.checked,
    )
    return session.scalar(mine.limit(1)) is not None


def _not_ones_own(session: Session, row: Seller, actor: Actor) -> None:
    member = sa.select(Membership.id).where(
        Membership.organisation_id == row.organisation_id, Membership.user_id == actor.user_id
    )
    if session.scalar(member.limit(1)) is not None:
        raise NotAllowed("This is your own organisation: somebody else checks it.")
