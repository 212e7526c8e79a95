"""What happened with an order and what comes by itself, newest first: its own moves, its money's, its problems'."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.services.commerce.money import written
from models.actor import ActorKind
from models.commerce.chargeback import Chargeback
from models.commerce.dispute import Dispute
from models.commerce.escrow import Escrow
from models.commerce.order import Order
from models.commerce.refund import BY_STAFF, Refund
from models.platform.timer import TimerRow, TimerState
from models.platform.transition import Transition
from views.storefront.commerce.order_facts import moved_facts, say
from views.storefront.commerce.order_words import BAD_NEWS, COMING, CONTESTED, HISTORY, LAPSED, SPOKEN


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the rail: past with its moment, or `coming` by itself."""

    at: datetime
    text: Markup
    note: str = ""
    bad: bool = False
    coming: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """An order with everything that has a history of its own."""

    order: Order
    hold: Escrow
    refunds: list[Refund]
    disputes: list[Dispute]
    chargebacks: list[Chargeback]

    def ids(self) -> list[UUID]:
        """Whose moves and timers belong to the rail."""
        parts = (self.refunds, self.disputes, self.chargebacks)
        return [self.order.id, self.hold.id, *(row.id for rows in parts for row in rows)]


def coming(session: Session, rows: Rows, facts: dict[str, Any]) -> list[Happened]:
    """What the clock does if nobody acts, the latest first."""
    waiting = session.scalars(
        sa.select(TimerRow)
        .where(TimerRow.subject_id.in_(rows.ids()), TimerRow.state == TimerState.waiting)
        .order_by(TimerRow.due_at.desc())
    )
    named = ((row, COMING.get((row.machine, row.from_state, row.event))) for row in waiting)
    return [Happened(row.due_at, say(text, facts), coming=True) for row, text in named if text]


def past(session: Session, rows: Rows, facts: dict[str, Any], side: ActorKind) -> list[Happened]:
    """Every move that has a sentence, and what began without one."""
    moves = session.scalars(
        sa.select(Transition).where(Transition.subject_id.in_(rows.ids())).order_by(Transition.id.desc())
    )
    amounts = {row.id: row.amount_minor for row in rows.refunds}
    told = [(row, _sentence(row)) for row in moves]
    rail = [_happened(row, text, rows.order, facts, amounts.get(row.subject_id)) for row, text in told if text]
    first = Happened(rows.order.captured_at, say("Ordered and paid, {total}", facts))
    began = _began(rows, facts, side)
    return [*sorted([*rail, *began], key=lambda one: one.at, reverse=True), first]


def _happened(row: Transition, text: str, order: Order, facts: dict[str, Any], amount: int | None) -> Happened:
    spoken = row.machine == "order" and (row.actor_kind in SPOKEN or row.event.startswith("resolve_"))
    named = {**facts, **moved_facts(row, order, amount)}
    return Happened(row.at, say(text, named), row.reason if spoken else "", row.event in BAD_NEWS)


def _began(rows: Rows, facts: dict[str, Any], side: ActorKind) -> list[Happened]:
    title, _ = CONTESTED[side is ActorKind.buyer]
    contested = [
        Happened(row.withdrawn_at, say(title, facts), bad=True) for row in rows.chargebacks if row.withdrawn_at
    ]
    asked = [
        Happened(row.created_at, say("A refund of {amount} was asked for", {"amount": _written(row)}))
        for row in rows.refunds
        if row.cause in BY_STAFF
    ]
    return [*contested, *asked]


def _written(row: Refund) -> str:
    return written(row.amount_minor, row.currency)


def _sentence(row: Transition) -> str | None:
    if row.machine == "order" and row.event == "lapse":
        return LAPSED.get(row.from_state)
    return HISTORY.get((row.machine, row.event))
