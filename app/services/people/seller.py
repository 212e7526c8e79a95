"""An organisation's way to selling, and its end (DSA art. 30 and 17, P2B 2019/1150 art. 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import trader_check, trader_gap, trader_notice
from app.services.platform import clock, machine, timer
from models.actor import Actor
from models.commerce.order import ORDER, Order
from models.errors import Conflict, Invalid, NotAllowed
from models.people.organisation import Organisation
from models.people.seller import Seller
from models.platform.transition import Transition

NOTICE = timedelta(days=30)
GUARDS = (trader_gap.sentence, trader_check.unchecked)
"""What keeps a seller from being handed in, and from being approved: their modules register the guards."""


def begin(session: Session, organisation: Organisation, *, vat_registered: bool = False) -> Seller:
    """The organisation wishes to sell; `vat_status.declare` dates what it says about VAT with a number.

    Raises Conflict when it did so before, NotAllowed for a personal one.
    """
    if organisation.personal:
        raise NotAllowed("Sell as a business: make an organisation first.")
    if session.scalar(sa.select(Seller.id).where(Seller.organisation_id == organisation.id)) is not None:
        raise Conflict("This organisation is a seller already.")
    row = Seller(organisation_id=organisation.id, vat_registered=vat_registered)
    machine.begin(session, row)
    return row


def submit_kyc(session: Session, row: Seller, *, actor: Actor) -> Transition:
    """Hands in the trader details for checking; refused while one is missing (guard)."""
    if actor.organisation_id != row.organisation_id:
        raise NotAllowed("Only the organisation itself can do this.")
    return machine.apply(session, row, "submit_kyc", actor=actor)


def approve(session: Session, row: Seller, *, actor: Actor) -> Transition:
    """The checks passed: it may sell. Raises GuardFailed with what nobody has checked yet."""
    moved = machine.apply(session, row, "approve", actor=actor)
    trader_notice.decided(session, row, "approve")
    return moved


def decide(session: Session, row: Seller, event: str, *, actor: Actor, reason: str) -> Transition:
    """ask_for_more, reject, restrict, lift or appeal_upheld, always with the reasons that the seller is told."""
    if not reason.strip():
        raise Invalid("Say why: the seller is told the reasons.", {"reason": "Enter the reasons."})
    moved = machine.apply(session, row, event, actor=actor, reason=reason.strip())
    trader_notice.decided(session, row, event, reason.strip())
    return moved


def notice_terminate(session: Session, row: Seller, *, actor: Actor, reason: str, effective_at: datetime) -> Transition:
    """Ends the contract with the seller, 30 days from now at the earliest (UTC)."""
    if effective_at < clock.now() + NOTICE:
        raise Invalid("A seller has at least 30 days' notice.", {"effective_at": "Choose a day 30 days from now."})
    machine.lock(session, row)
    row.effective_at = effective_at
    return decide(session, row, "notice_terminate", actor=actor, reason=reason)


@timer.on_timer("seller", "lapse")
def lapse(session: Session, row: Seller, *, actor: Actor) -> Transition:
    """Thirty days without an end of the application."""
    moved = machine.apply(session, row, "lapse", actor=actor, reason="not completed within 30 days")
    trader_notice.decided(session, row, "lapse")
    return moved


@timer.on_timer("seller", "take_effect")
def take_effect(session: Session, row: Seller, *, actor: Actor) -> Transition:
    """The notice is over; refused (and tried again) while an order is open."""
    moved = machine.apply(session, row, "take_effect", actor=actor)
    trader_notice.decided(session, row, "take_effect")
    return moved


@machine.guard("seller", "take_effect", "close")
def _nothing_is_open(session: Session, row: Seller, _arguments: dict[str, Any]) -> str | None:
    open_ = [state for state in ORDER.states if state not in ORDER.terminal]
    query = sa.select(Order.id).where(Order.seller_organisation_id == row.organisation_id, Order.state.in_(open_))
    return "There are open orders." if session.scalar(query.limit(1)) is not None else None
