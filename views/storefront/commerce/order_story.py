"""An order as its page tells it: where the money is, what happened, what comes by itself, what can be done now.

Reads only, and answers plain values. The same story is told to the buyer and to the seller in other words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.services.commerce.money import written
from app.services.platform.machine import Choice, choices
from models.actor import ActorKind
from models.commerce.document import Document
from models.commerce.escrow import Escrow, EscrowState
from models.commerce.evidence import Evidence
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund, RefundState
from models.platform.timer import TimerRow, TimerState
from models.platform.transition import Transition
from views.storefront import words
from views.storefront.commerce.order_words import BAD_NEWS, BUYER, COMING, HISTORY, LAPSED, SELLER, Words

NOT_GOING = frozenset({RefundState.rejected, RefundState.cancelled})


@dataclass(frozen=True, slots=True)
class Money:
    """Four parts that add up to what the buyer paid, in minor units; `earned` is the seller's after commission."""

    currency: str
    total: int
    held: int
    released: int
    back: int
    fee: int
    gross: int
    commission: int
    commission_vat: int

    @property
    def earned(self) -> int:
        return self.gross - self.commission - self.commission_vat


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the rail: past with its moment, or `coming` by itself."""

    at: datetime
    text: Markup
    note: str = ""
    bad: bool = False
    coming: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the template needs."""

    order: Order
    words: Words
    title: str
    lede: Markup
    money: Money
    level: str
    rail: list[Happened]
    acts: dict[str, str]
    documents: list[Document]
    evidence: list[Evidence]


def tell(session: Session, order: Order, side: ActorKind) -> Story:
    """`acts` maps each move this side has now to the sentence that refuses it (empty: open)."""
    escrow = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one()
    refunds = list(session.scalars(sa.select(Refund).where(Refund.order_id == order.id)))
    money = _money(order, escrow, refunds)
    facts = _facts(order, money, side)
    said = (BUYER if side is ActorKind.buyer else SELLER)[order.state]
    open_moves: list[Choice] = choices(session, order, side)
    return Story(
        order=order,
        words=said,
        title=said.title.format(**facts),
        lede=Markup(said.lede).format(**facts),  # noqa: S704  a constant; what is filled in is escaped
        money=money,
        level=_level(order, escrow),
        rail=[*_coming(session, order, facts), *_past(session, order, escrow, refunds, facts)],
        acts={choice.move.event: choice.refusal for choice in open_moves},
        documents=list(session.scalars(sa.select(Document).where(Document.order_id == order.id).order_by(Document.id))),
        evidence=list(session.scalars(sa.select(Evidence).where(Evidence.order_id == order.id).order_by(Evidence.id))),
    )


def _money(order: Order, escrow: Escrow, refunds: list[Refund]) -> Money:
    going = [refund for refund in refunds if refund.state not in NOT_GOING]
    fee_back = sum(refund.fee_net_minor + refund.fee_vat_minor for refund in going)
    return Money(
        currency=order.currency,
        total=order.total_minor,
        held=escrow.remaining_minor,
        released=escrow.released_minor,
        back=escrow.refunded_minor + fee_back,
        fee=order.fee_net_minor + order.fee_vat_minor - fee_back,
        gross=order.gross_minor,
        commission=sum(line.commission_minor for line in order.lines),
        commission_vat=sum(line.commission_vat_minor for line in order.lines),
    )


def _facts(order: Order, money: Money, side: ActorKind) -> dict[str, Any]:
    sums = {
        "total": money.total,
        "held": money.held,
        "released": money.released,
        "refunded": money.back,
        "earned": money.earned,
    }
    seller, buyer = order.seller_organisation.name, order.buyer_organisation.name
    return {
        **{name: written(minor, order.currency) for name, minor in sums.items()},
        "seller": seller,
        "buyer": buyer,
        "they_seller": "you answer" if side is ActorKind.seller else f"{seller} answers",
        "they_buyer": "you answer" if side is ActorKind.buyer else f"{buyer} answers",
        "accept_by": words.moment(order.accept_by),
        "visit": words.window(order.visit_start, order.visit_end),
        "delivered_at": words.moment(order.delivered_at) if order.delivered_at else "",
    }


def _level(order: Order, escrow: Escrow) -> str:
    if escrow.state is EscrowState.frozen or order.state is OrderState.disputed:
        return "frozen"
    if escrow.remaining_minor:
        return "held"
    return "provider" if escrow.released_minor else "you"


def _coming(session: Session, order: Order, facts: dict[str, Any]) -> list[Happened]:
    waiting = session.scalars(
        sa.select(TimerRow)
        .where(TimerRow.subject_id == order.id, TimerRow.state == TimerState.waiting)
        .order_by(TimerRow.due_at.desc())
    )
    named = ((row, COMING.get((row.from_state, row.event))) for row in waiting)
    return [Happened(row.due_at, _say(text, facts), coming=True) for row, text in named if text]


def _past(
    session: Session, order: Order, escrow: Escrow, refunds: list[Refund], facts: dict[str, Any]
) -> list[Happened]:
    subjects = [order.id, escrow.id, *(refund.id for refund in refunds)]
    rows = session.scalars(
        sa.select(Transition).where(Transition.subject_id.in_(subjects)).order_by(Transition.id.desc())
    )
    told = [(row, _sentence(row)) for row in rows]
    rail = [Happened(row.at, _say(text, facts), row.reason, row.event in BAD_NEWS) for row, text in told if text]
    first = Markup("Ordered and paid, {}").format(facts["total"])
    return [*rail, Happened(order.captured_at, first)]


def _sentence(row: Transition) -> str | None:
    if row.machine == "order" and row.event == "lapse":
        return LAPSED.get(row.from_state)
    return HISTORY.get((row.machine, row.event))


def _say(text: str, facts: dict[str, Any]) -> Markup:
    return Markup(text).format(**facts)  # noqa: S704  a constant; what is filled in is escaped
