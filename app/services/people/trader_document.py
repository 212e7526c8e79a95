"""Documents of a trader: handed in, checked or not taken by staff, reminded of before their end, run out after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import trader_check, trader_cover, trader_notice
from app.services.people.vat_status import UK, look_again, today
from app.services.platform import clock, machine, timer
from models.actor import Actor
from models.errors import IllegalMove, Invalid, NotAllowed, NotFound
from models.people.seller import SELLER, Seller
from models.people.trader_document import DocumentKind, DocumentState, TraderDocument
from models.platform.stored_file import StoredFile
from models.platform.transition import Transition

REMINDERS = (30, 14, 3)
"""Days before the last day on which the seller is told."""
AT = time(9, 0)
PAPERS = {"passport": "Passport", "driving_licence": "Driving licence", "identity_card": "National identity card"}


@dataclass(frozen=True, slots=True)
class Policy:
    """What an insurance certificate says. `sum_minor` in minor units of the pound."""

    insurer: str
    number: str
    sum_minor: int
    valid_from: date
    valid_until: date


def add_identity(
    session: Session, row: Seller, file: StoredFile, *, actor: Actor, paper: str, valid_until: date | None = None
) -> TraderDocument:
    """Proof of who the responsible person is. Raises Invalid."""
    if paper not in PAPERS:
        raise Invalid("Say what it is.", {"paper": "Choose what the document is."})
    if valid_until is not None and valid_until < today():
        raise Invalid("It has run out.", {"valid_until": "This document has run out: choose one that is valid."})
    return _add(session, row, file, actor, kind=DocumentKind.identity, paper=paper, valid_until=valid_until)


def add_policy(
    session: Session, row: Seller, file: StoredFile, *, actor: Actor, kind: DocumentKind, policy: Policy
) -> TraderDocument:
    """An insurance certificate. Raises Invalid with what is wrong, field by field."""
    wrong: dict[str, str] = {}
    if not policy.insurer.strip():
        wrong["insurer"] = "Enter the name of the insurer."
    if not policy.number.strip():
        wrong["policy_number"] = "Enter the number of the policy."
    if policy.sum_minor <= 0:
        wrong["sum_insured"] = "Enter what it covers, like 2,000,000."
    if policy.valid_until < policy.valid_from:
        wrong["valid_until"] = "It cannot end before it begins."
    elif policy.valid_until < today():
        wrong["valid_until"] = "This policy has ended: add the one that is in force."
    if wrong:
        raise Invalid("Some of that cannot be taken.", wrong)
    facts = {"insurer": policy.insurer.strip(), "policy_number": policy.number.strip(), "sum_minor": policy.sum_minor}
    days = {"valid_from": policy.valid_from, "valid_until": policy.valid_until}
    return _add(session, row, file, actor, kind=kind, **facts, **days)


def remove(session: Session, row: TraderDocument, *, actor: Actor) -> Transition:
    """The seller takes back what nobody has checked yet."""
    _own(row.seller, actor)
    moved = machine.apply(session, row, "remove", actor=actor)
    trader_check.looked_at(session, row.seller)
    return moved


def check(session: Session, row: TraderDocument, *, actor: Actor) -> Transition:
    """Staff have looked at it and it is right. A seller who was hidden for want of it is back at once."""
    machine.lock(session, row.seller)
    row.remind_at = _next_reminder(row.valid_until)
    moved = machine.apply(session, row, "check", actor=actor, by=actor.user_id)
    trader_check.looked_at(session, row.seller)
    trader_cover.settle(session, row.seller)
    return moved


def refuse(session: Session, row: TraderDocument, *, actor: Actor, reason: str) -> Transition:
    """It does not show what it should; the seller reads why. Raises Invalid without reasons."""
    if not reason.strip():
        raise Invalid("Say why: the seller is told the reasons.", {"reason": "Enter the reasons."})
    moved = machine.apply(session, row, "refuse", actor=actor, reason=reason.strip(), by=actor.user_id)
    trader_check.looked_at(session, row.seller)
    trader_notice.refused(session, row, reason.strip())
    return moved


def _first(session: Session, row: TraderDocument) -> Seller:
    return session.get_one(Seller, row.seller_id)


@timer.on_timer("trader_document", "remind", first=_first)
def remind(session: Session, row: TraderDocument, *, actor: Actor) -> None:
    """Tells the seller, unless a later policy is checked already; then arms the next reminder."""
    row.remind_at = None
    machine.apply(session, row, "remind", actor=actor)
    if row.valid_until is not None and not trader_cover.lasts_beyond(session, row):
        trader_notice.ending(session, row, days=(row.valid_until - today()).days)
    row.remind_at = _next_reminder(row.valid_until)
    session.flush()
    timer.rearm(session, row)


@timer.on_timer("trader_document", "expire", first=_first)
def expire(session: Session, row: TraderDocument, *, actor: Actor) -> None:
    """Its last day is over: without another one the seller's listings leave the shop the same day."""
    machine.apply(session, row, "expire", actor=actor)
    if not trader_cover.settle(session, row.seller):
        trader_notice.ended(session, row)


def find_own(session: Session, document_id: Any, *, actor: Actor) -> TraderDocument:
    """A document of the actor's organisation. Raises NotFound."""
    mine = sa.select(TraderDocument).join(Seller, Seller.id == TraderDocument.seller_id)
    found = session.scalar(
        mine.where(TraderDocument.id == document_id, Seller.organisation_id == actor.organisation_id)
    )
    if found is None:
        raise NotFound("There is no such document.")
    return found


def of(session: Session, row: Seller, kind: DocumentKind | None = None) -> list[TraderDocument]:
    """A seller's documents, newest first, without those that were taken back."""
    mine = sa.select(TraderDocument).where(
        TraderDocument.seller_id == row.id, TraderDocument.state != DocumentState.removed
    )
    if kind is not None:
        mine = mine.where(TraderDocument.kind == kind)
    return list(session.scalars(mine.order_by(TraderDocument.id.desc())))


@machine.guard("trader_document", "check")
def _is_in_date(_session: Session, row: TraderDocument, _arguments: dict[str, Any]) -> str | None:
    ended = row.valid_until is not None and row.valid_until < today()
    return "This document has run out: ask for the one that is in force." if ended else None


@machine.guard("trader_document", "check", "refuse")
def _not_ones_own(_session: Session, row: TraderDocument, arguments: dict[str, Any]) -> str | None:
    own = row.uploaded_by_user_id is not None and row.uploaded_by_user_id == arguments.get("by")
    return "You handed this in yourself: somebody else checks it." if own else None


def _add(session: Session, row: Seller, file: StoredFile, actor: Actor, **facts: Any) -> TraderDocument:
    _own(row, actor)
    if row.state in SELLER.terminal:
        raise IllegalMove("This seller account has ended.")
    made = TraderDocument(
        seller_id=row.id,
        stored_file_id=file.id,
        uploaded_by_user_id=actor.user_id,
        ends_at=_moment(facts["valid_until"] + timedelta(days=1)) if facts.get("valid_until") else None,
        **facts,
    )
    machine.begin(session, made)
    look_again(row)
    session.flush()
    return made


def _own(row: Seller, actor: Actor) -> None:
    if actor.organisation_id != row.organisation_id:
        raise NotAllowed("Only the organisation itself can do this.")


def _moment(day: date, at: time = time()) -> datetime:
    return datetime.combine(day, at, tzinfo=UK).astimezone(UTC)


def _next_reminder(valid_until: date | None) -> datetime | None:
    if valid_until is None:
        return None
    moments = (_moment(valid_until - timedelta(days=days), AT) for days in REMINDERS)
    return next((moment for moment in moments if moment > clock.now()), None)
