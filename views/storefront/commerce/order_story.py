"""An order as its page tells it: where the money is, what happened, what comes by itself, what can be done now.

Reads only, and answers plain values. The same story is told to the buyer and to the seller in other words.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.services.commerce import cancellation, freeze
from app.services.commerce.money import written
from app.services.platform import clock
from app.services.platform.machine import choices
from models.actor import ActorKind
from models.commerce.chargeback import Chargeback
from models.commerce.dispute import Dispute
from models.commerce.document import Document
from models.commerce.escrow import Escrow, EscrowState
from models.commerce.evidence import Evidence
from models.commerce.order import Order, OrderState
from views.storefront import ladder, words
from views.storefront.commerce import cancellation as cancelling
from views.storefront.commerce import order_rail, refund_words
from views.storefront.commerce.order_facts import facts_of, say
from views.storefront.commerce.order_money import Money, chargebacks_of, money_of, refunds_of
from views.storefront.commerce.order_rail import Happened, Rows
from views.storefront.commerce.order_words import (
    BUYER,
    BUYER_ENDS,
    CONTESTED,
    INQUIRY,
    SELLER,
    SELLER_ENDS,
    Words,
)
from views.storefront.ladder import Ladder

SHOWN = frozenset(
    {"accept", "decline", "start", "deliver", "accept_delivery", "request_changes", "cancel", "open_dispute"}
)
"""Moves that have a place on the page; those of a problem have theirs."""
CANCELLABLE = frozenset({OrderState.pending_acceptance, OrderState.accepted, OrderState.in_progress})


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the template needs. `acts` maps each move this side has now to the sentence that refuses it (empty:
    open); `by_itself` is what the clock does next if nobody acts; `bank` is title and sentence while a bank asks for
    the payment back."""

    order: Order
    words: Words
    title: str
    lede: Markup
    money: Money
    level: str
    rail: list[Happened]
    by_itself: Happened | None
    acts: dict[str, str]
    bank: tuple[str, Markup] | None
    refunds: list[refund_words.Told]
    dispute: Dispute | None
    ladder: Ladder | None
    withdraw_until: Markup | None
    early: Markup | str
    documents: list[Document]
    evidence: list[Evidence]


def tell(session: Session, order: Order, side: ActorKind) -> Story:
    """The whole story as this side reads it."""
    rows = rows_of(session, order)
    money = money_of(session, order, rows.hold, rows.refunds, rows.chargebacks)
    facts, own = facts_of(order, money, side), side is ActorKind.buyer
    said = _words(order, money, own=own)
    contested = freeze.order_contested(session, order)
    coming = order_rail.coming(session, rows, facts)
    return Story(
        order=order,
        words=said,
        title=said.title.format(**facts),
        lede=say(said.lede, facts),
        money=money,
        level=level_of(rows),
        rail=[*coming, *order_rail.past(session, rows, facts, side)],
        by_itself=coming[-1] if coming else None,
        acts=_acts(session, order, side),
        bank=_bank(rows.chargebacks, facts, own=own),
        refunds=[refund_words.tell(row, contested=contested, own=own) for row in rows.refunds],
        dispute=rows.disputes[-1] if rows.disputes else None,
        ladder=_ladder(order, money),
        withdraw_until=_withdraw_until(session, order),
        early="" if own else _early(order),
        documents=list(session.scalars(sa.select(Document).where(Document.order_id == order.id).order_by(Document.id))),
        evidence=list(session.scalars(sa.select(Evidence).where(Evidence.order_id == order.id).order_by(Evidence.id))),
    )


def rows_of(session: Session, order: Order) -> Rows:
    """The order with its hold, refunds, problems and what banks asked for."""
    return Rows(
        order,
        session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one(),
        refunds_of(session, order),
        list(session.scalars(sa.select(Dispute).where(Dispute.order_id == order.id).order_by(Dispute.id))),
        chargebacks_of(session, order),
    )


def level_of(rows: Rows) -> str:
    """Where the bubble stands: you, held, frozen or provider."""
    if rows.hold.state is EscrowState.frozen or rows.order.state is OrderState.disputed:
        return "frozen"
    if rows.hold.remaining_minor:
        return "held"
    return "provider" if rows.hold.released_minor > rows.hold.refunded_minor else "you"


def _words(order: Order, money: Money, *, own: bool) -> Words:
    ends = BUYER_ENDS if own else SELLER_ENDS
    if order.state is OrderState.in_progress and order.change_rounds:
        return ends["changes"]
    if order.state in {OrderState.completed, OrderState.cancelled}:
        if money.bank and not money.released:
            return ends["bank"]
        if money.released and money.back:
            return ends["divided"]
        if money.back and order.state is OrderState.completed:
            return ends["back"]
        if money.released and order.state is OrderState.cancelled:
            return ends["kept"]
    return (BUYER if own else SELLER)[order.state]


def _acts(session: Session, order: Order, side: ActorKind) -> dict[str, str]:
    acts = {one.move.event: one.refusal for one in choices(session, order, side) if one.move.event in SHOWN}
    if "cancel" in acts:
        acts["cancel"] = cancelling.refusal(session, order, side) or ""
    return acts


def _bank(chargebacks: list[Chargeback], facts: dict[str, object], *, own: bool) -> tuple[str, Markup] | None:
    live = [row for row in chargebacks if row.live]
    if not live:
        return None
    row = live[-1]
    title, text = (CONTESTED if row.withdrawn_at else INQUIRY)[own]
    asked_at = words.day(row.withdrawn_at or row.created_at)
    return title, say(text, {**facts, "asked_at": asked_at, "contested": written(row.amount_minor, row.currency)})


def _ladder(order: Order, money: Money) -> Ladder | None:
    if order.state not in CANCELLABLE:
        return None
    right = None
    if order.buyer_organisation.personal:
        right = cancellation.period_ends(order.accepted_at or clock.now(), order.visit_zone)
    return ladder.of_visit(order.cancellation_policy, order.visit_start, money.held, order.currency, after=right)


def _withdraw_until(session: Session, order: Order) -> Markup | None:
    """The end of a consumer's fourteen days, while they run and the contract exists."""
    if order.accepted_at is None or not cancellation.may_withdraw(session, order, clock.now()):
        return None
    return words.last_day(cancellation.period_ends(order.accepted_at, order.visit_zone))


def _early(order: Order) -> Markup | str:
    """What a provider must know before the visit: nobody asked them to begin inside the fourteen days (reg. 36)."""
    if order.state not in {OrderState.pending_acceptance, OrderState.accepted} or order.checkout.express_start_at:
        return ""
    now = clock.now()
    over = cancellation.period_ends(order.accepted_at or now, order.visit_zone)
    if not order.buyer_organisation.personal or now >= over or over <= order.visit_start:
        return ""
    counted = "" if order.accepted_at else ", counted from your yes,"
    text = (
        "The customer can cancel for 14 days" + counted + " until the end of {last}. They did not ask for the work to "
        "begin earlier, so it may begin on {over} at the earliest, which is after the visit of {visit}: agree on a "
        "time with them."
    )
    facts = {"last": words.last_day(over), "over": words.day(over), "visit": words.short_moment(order.visit_start)}
    return say(text, facts)
