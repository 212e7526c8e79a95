"""A business is away: no visit is on offer on those days, and everything that is agreed goes on. It ends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.services.people import absence
from app.services.people.vat_status import UK, today
from app.services.platform import machine
from models.actor import Actor
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.order import Order, OrderState
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_request import QuoteRequest, QuoteState
from models.errors import Conflict, Invalid, NotFound
from models.people.seller import Seller

LONGEST = 90
FURTHEST = 365
"""Days."""
LONGEST_NOTE = 300
AGREED = (OrderState.pending_acceptance, OrderState.accepted, OrderState.in_progress)


def visits_within(session: Session, organisation_id: UUID, *, from_day: date, until_day: date) -> Sequence[Order]:
    """What was ordered for those days and is not over, the next visit first: being away cancels none of it."""
    falls = _falls_on(Order.visit_start, Order.visit_end, from_day, until_day)
    theirs = sa.select(Order).where(Order.seller_organisation_id == organisation_id, Order.state.in_(AGREED))
    shown = theirs.options(selectinload(Order.lines), joinedload(Order.buyer_organisation))
    return session.scalars(shown.where(*falls).order_by(Order.visit_start, Order.id)).all()


def quotes_within(
    session: Session, organisation_id: UUID, *, from_day: date, until_day: date
) -> Sequence[QuoteRequest]:
    """Whose last offer has its visit on those days and is not ordered, the next visit first. An open one cannot be
    accepted then; one that is accepted is agreed, and can still be paid."""
    newest = sa.select(sa.func.max(QuoteOffer.number)).where(QuoteOffer.quote_id == QuoteRequest.id)
    theirs = sa.select(QuoteRequest).join(QuoteOffer, QuoteOffer.quote_id == QuoteRequest.id)
    theirs = theirs.where(
        QuoteRequest.seller_organisation_id == organisation_id,
        QuoteRequest.state.in_((QuoteState.offered, QuoteState.accepted)),
        QuoteOffer.number == newest.correlate(QuoteRequest).scalar_subquery(),
        ~sa.exists().where(Checkout.quote_offer_id == QuoteOffer.id, Checkout.state == CheckoutState.paid),
        *_falls_on(QuoteOffer.visit_start, QuoteOffer.visit_end, from_day, until_day),
    )
    shown = theirs.options(
        selectinload(QuoteRequest.offers), joinedload(QuoteRequest.buyer_organisation), joinedload(QuoteRequest.listing)
    )
    return session.scalars(shown.order_by(QuoteOffer.visit_start, QuoteOffer.id)).all()


def set_away(session: Session, row: Seller, *, actor: Actor, from_day: date, until_day: date, note: str) -> None:
    """Away on these days, instead of whatever was said before. Raises Invalid with what is wrong, NotFound."""
    _own(row, actor)
    machine.lock(session, row)
    words = " ".join(note.replace("\0", " ").split())
    wrong = _wrong(row, from_day, until_day)
    if len(words) > LONGEST_NOTE:
        wrong["note"] = f"Use at most {LONGEST_NOTE} characters."
    if wrong:
        raise Invalid("These days cannot be taken.", wrong)
    row.away_from, row.away_until, row.away_note = from_day, until_day, words
    session.info["verb"] = "holiday.set"
    session.flush()


def end(session: Session, row: Seller, *, actor: Actor) -> None:
    """Back today, or not away after all. Raises Conflict when there is no holiday to end."""
    _own(row, actor)
    machine.lock(session, row)
    now, running = today(), absence.of(row)
    if running is None:
        raise Conflict("You are not away, so there is nothing to end.")
    if running.from_day < now:
        row.away_until = now
    else:
        row.away_from = row.away_until = None
    row.away_note = ""
    session.info["verb"] = "holiday.end"
    session.flush()


def _wrong(row: Seller, from_day: date, until_day: date) -> dict[str, str]:
    now, running = today(), absence.of(row)
    goes_on = running is not None and running.begun and running.from_day == from_day
    wrong: dict[str, str] = {}
    if from_day < now and not goes_on:
        wrong["from_day"] = "Choose today or a later day."
    elif from_day > now + timedelta(days=FURTHEST):
        wrong["from_day"] = "Choose a day in the coming year."
    if until_day <= from_day:
        wrong["until_day"] = "Choose a day after the first day away."
    elif until_day <= now:
        wrong["until_day"] = "Choose a day after today, or end the holiday."
    elif (until_day - from_day).days > LONGEST:
        wrong["until_day"] = f"Be away for at most {LONGEST} days. For longer, pause your listings."
    return wrong


def _falls_on(starts: Any, ends: Any, from_day: date, until_day: date) -> tuple[sa.ColumnElement[bool], ...]:
    """What is going on some time in those days, whichever day it begins. An end at midnight is the day before's."""
    first, back = (datetime.combine(day, time(), tzinfo=UK) for day in (from_day, until_day))
    return (starts < back, ends > first)


def _own(row: Seller, actor: Actor) -> None:
    if actor.organisation_id != row.organisation_id:
        raise NotFound
