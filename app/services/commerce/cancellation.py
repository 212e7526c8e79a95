"""Who gets what when an order is cancelled: the right to cancel, then the published ladder, then the work done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import cancellation_policy, escrow, money, rate, refund
from app.services.commerce.refund import NO_FEE, Fee
from app.services.platform import clock
from models.actor import ActorKind
from models.commerce.order import Order, OrderState
from models.commerce.refund import RefundCause
from models.errors import GuardFailed, Invalid
from models.people.organisation import Organisation

DAYS = 14
UK = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Terms:
    """What cancelling now comes to. Minor units: `buyer_minor` of the price and `fee` of the buyer fee go back,
    `seller_minor` is released to the seller. `sentence` says why, for people."""

    buyer_minor: int
    seller_minor: int
    fee: Fee
    cause: RefundCause
    sentence: str
    currency: str

    @property
    def back_minor(self) -> int:
        """All that goes back to the buyer."""
        return self.buyer_minor + self.fee.total


def period_ends(contract_at: datetime, zone: str) -> datetime:
    """The end of the fourteenth local day after the day of the contract, which is the midnight that follows it
    (Consumer Contracts Regulations 2013, reg. 30)."""
    local = ZoneInfo(zone)
    last = contract_at.astimezone(local).date() + timedelta(days=DAYS + 1)
    return datetime.combine(last, time(), tzinfo=local)


def may_withdraw(session: Session, order: Order, now: datetime) -> bool:
    """The buyer is a consumer and the fourteen days are not over (reg. 29)."""
    consumer = session.scalar(sa.select(Organisation.personal).where(Organisation.id == order.buyer_organisation_id))
    return bool(consumer) and now < period_ends(order.accepted_at or order.captured_at, order.visit_zone)


def terms(session: Session, order: Order, kind: ActorKind, *, delivered_bps: int | None = None) -> Terms:
    """What cancelling now would come to; reads only. `delivered_bps` is the share of work done that staff found.

    Raises GuardFailed when this party cannot cancel now, Invalid for a share that is missing or none.
    """
    if order.state is OrderState.pending_acceptance and kind is ActorKind.operator:
        sentence = "We cancel before the provider has accepted: everything goes back, the order fee included."
        return _all(session, order, RefundCause.cancelled_by_staff, sentence)
    if order.state is OrderState.pending_acceptance and kind is ActorKind.buyer:
        sentence = "The provider has not accepted yet: everything goes back, the order fee included."
        return _all(session, order, RefundCause.cancelled_before_acceptance, sentence)
    if order.state is OrderState.accepted:
        return _before_the_work(session, order, kind)
    if order.state is OrderState.in_progress and kind is ActorKind.operator:
        return _found_by_staff(session, order, delivered_bps)
    if order.state is OrderState.in_progress and kind is ActorKind.buyer:
        return _during_the_visit(session, order)
    raise GuardFailed("This order cannot be cancelled now.")


def _before_the_work(session: Session, order: Order, kind: ActorKind) -> Terms:
    if kind is ActorKind.seller:
        sentence = "The provider cancels: everything goes back to the customer, the order fee included."
        return _all(session, order, RefundCause.cancelled_by_seller, sentence)
    if kind is ActorKind.operator:
        sentence = "We cancel before any work: everything goes back to the customer, the order fee included."
        return _all(session, order, RefundCause.cancelled_by_staff, sentence)
    now = clock.now()
    if now >= order.visit_start:  # work may be under way, and then it is not for a button to say what it is worth
        raise GuardFailed("The visit should have begun. If nobody came, or you want to cancel, report a problem.")
    if may_withdraw(session, order, now):
        sentence = "You are within your 14 days to cancel: everything comes back, the order fee included."
        return _all(session, order, RefundCause.withdrawal, sentence)
    policy = order.cancellation_policy
    bps = cancellation_policy.refund_bps(policy, visit_start=order.visit_start, now=now)
    why = f"Cancellation policy “{policy.name}”: {policy.summary}" if policy else "The work has not begun."
    return _share(session, order, bps, RefundCause.cancelled_by_buyer, why)


def _during_the_visit(session: Session, order: Order) -> Terms:
    """In proportion to what was supplied (reg. 36(4)): by the part of the agreed visit that has passed."""
    now = clock.now()
    if now >= order.visit_end:
        raise GuardFailed("The visit is over. If something is wrong, report a problem: we look at it.")
    begun = max(order.visit_start, order.started_at or order.visit_start)
    whole = (order.visit_end - begun) // timedelta(seconds=1)
    gone = max((now - begun) // timedelta(seconds=1), 0)
    bps = 10_000 - money.half_up(gone * 10_000, whole) if whole > 0 else 0
    sentence = "Work has begun: you pay for the part of the visit that has passed."
    return _share(session, order, bps, RefundCause.cancelled_by_buyer, sentence)


def _found_by_staff(session: Session, order: Order, delivered_bps: int | None) -> Terms:
    if delivered_bps is None or not 0 <= delivered_bps <= money.WHOLE:
        raise Invalid("Say how much of the work is done.", {"delivered": "Enter a share from 0 to 100 %."})
    limit = rate.two_person_limit(session, order.currency, clock.now().astimezone(UK).date())
    if escrow.remaining(session, order) > limit:
        raise GuardFailed(
            f"Above {money.written(limit, order.currency)} two people decide: open a problem for this order instead."
        )
    if not delivered_bps:
        sentence = "Nothing was delivered: everything goes back to the customer, the order fee included."
        return _all(session, order, RefundCause.cancelled_by_staff, sentence)
    sentence = f"{money.percent(delivered_bps)} of the work was delivered and is paid."
    return _share(session, order, money.WHOLE - delivered_bps, RefundCause.cancelled_by_staff, sentence)


def _all(session: Session, order: Order, cause: RefundCause, sentence: str) -> Terms:
    held, fee = escrow.remaining(session, order), refund.fee_left(session, order)
    return Terms(held, 0, fee, cause, sentence, order.currency)


def _share(session: Session, order: Order, bps: int, cause: RefundCause, why: str) -> Terms:
    held = escrow.remaining(session, order)
    back = money.share(held, bps)
    kept = f" The order fee of {money.written(order.fee_net_minor + order.fee_vat_minor, order.currency)} is kept."
    return Terms(back, held - back, NO_FEE, cause, why + kept, order.currency)
