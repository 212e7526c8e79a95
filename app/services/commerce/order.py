"""An order's verbs: placed by a payment, accepted or declined, started, delivered, accepted, or ended by its clock."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.outbox import send
from app.services.commerce import cancellation, dispute, escrow, freeze, settlement
from app.services.platform import clock, machine, timer
from models.actor import Actor, ActorKind
from models.commerce.checkout import Checkout
from models.commerce.escrow import Escrow
from models.commerce.evidence import Evidence
from models.commerce.order import MOST_CHANGE_ROUNDS, Order, OrderState
from models.commerce.order_line import OrderLine
from models.commerce.payment import Payment
from models.commerce.refund import Refund, RefundCause
from models.errors import Conflict, Invalid, NotAllowed
from models.people.seller import Seller, SellerState
from models.platform.stored_file import StoredFile
from models.platform.transition import Transition

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misheard or misread
ACCEPT_WITHIN = timedelta(days=6)
BEFORE_VISIT = timedelta(days=1)
MONEY_EVENTS = (
    "accept", "decline", "cancel", "lapse", "start", "accept_delivery", "hold_limit", "hold_ran_out",
    "resolve_complete", "resolve_cancel",
)  # fmt: skip
DECLINE_REASONS = {
    "not_available": "Not available at that time",
    "outside_area": "Outside our area",
    "wrong_scope": "The work is not what we offer",
    "price": "The price does not cover the work",
    "safety": "Not safe or not lawful as described",
}
COPIED = (
    "listing_id", "position", "title", "description", "net_minor", "vat_bps", "vat_minor", "gross_minor", "tax_reason",
    "commission_bps", "commission_minor", "commission_vat_bps", "commission_vat_minor",
)  # fmt: skip


def place(session: Session, checkout: Checkout, payment: Payment, *, actor: Actor) -> Order:
    """The order that a captured payment makes, with its hold; the seller's clock starts."""
    if payment.captured_at is None or checkout.visit_start is None or checkout.visit_end is None:
        raise Invalid("A checkout without payment or visit makes no order.")
    order = Order(
        reference=_new_reference(session),
        checkout_id=checkout.id,
        buyer_organisation_id=checkout.buyer_organisation_id,
        seller_organisation_id=checkout.seller_organisation_id,
        currency=checkout.currency,
        gross_minor=checkout.gross_minor,
        fee_net_minor=checkout.fee_net_minor,
        fee_vat_minor=checkout.fee_vat_minor,
        total_minor=checkout.total_minor,
        visit_start=checkout.visit_start,
        visit_end=checkout.visit_end,
        visit_zone=checkout.visit_zone,
        site_address=checkout.site_address,
        site_postcode=checkout.site_postcode,
        access_notes=checkout.access_notes,
        cancellation_policy_id=checkout.cancellation_policy_id,
        captured_at=payment.captured_at,
        accept_by=accept_by(payment.captured_at, checkout.visit_start, checkout.visit_end),
    )
    order.lines = [OrderLine(**{name: getattr(line, name) for name in COPIED}) for line in checkout.lines]
    machine.begin(session, order)
    escrow.hold(session, order, payment, actor=actor)
    return order


def accept_by(paid_at: datetime, starts_at: datetime, ends_at: datetime) -> datetime:
    """Six days from payment, or a day before the visit, or its end: the first of them, but at least an hour from now
    where the visit is too near for that."""
    first = min(paid_at + ACCEPT_WITHIN, starts_at - BEFORE_VISIT, ends_at)
    return max(first, min(paid_at + timedelta(hours=1), ends_at))


def accept(session: Session, order: Order, *, actor: Actor) -> Transition:
    """The seller takes the job: the contract is concluded and its paper is asked for."""
    _require_seller(order, actor)
    moved = machine.apply(session, order, "accept", actor=actor)
    order.accepted_at = clock.now()
    session.flush()
    send(
        session,
        "commerce.contract.write",
        key=f"contract:{order.id}",
        payload={"order_id": str(order.id)},
        queue="paper",
    )
    return moved


def decline(session: Session, order: Order, *, actor: Actor, code: str, reason: str = "") -> Refund:
    """The seller does not take it: everything goes back, the buyer's fee included, in the same transaction."""
    _require_seller(order, actor)
    if code not in DECLINE_REASONS:
        raise Invalid("Say why.", {"code": "Choose a reason."})
    text = ": ".join(part for part in (DECLINE_REASONS[code], reason.strip()) if part)
    machine.apply(session, order, "decline", actor=actor, reason=text, detail={"code": code})
    return settlement.all_back(session, order, RefundCause.declined, reason=text)


def cancel(
    session: Session,
    order: Order,
    *,
    actor: Actor,
    reason: str = "",
    delivered_bps: int | None = None,
    agreed_minor: int | None = None,
) -> Refund | None:
    """Buyer, seller or staff end the order before it is delivered; `cancellation.terms` says who gets what.

    `agreed_minor` is what the form said would go back: Conflict when it is no longer that. `delivered_bps` is the share
    of the work that staff found done. None when nothing goes back. Raises GuardFailed, NotAllowed, Invalid.
    """
    _require_party(order, actor)
    machine.lock(session, order)  # the provider may be accepting meanwhile: other terms then
    if actor.kind is not ActorKind.buyer and not reason.strip():
        raise Invalid("Say why.", {"reason": "Say why, for the customer."})
    found = cancellation.terms(session, order, actor.kind, delivered_bps=delivered_bps)
    if agreed_minor is not None and agreed_minor != found.back_minor:
        raise Conflict("What goes back has changed since the page was opened. Look at it again.")
    detail = {"buyer_minor": found.buyer_minor, "seller_minor": found.seller_minor, "fee_minor": found.fee.total}
    machine.apply(session, order, "cancel", actor=actor, reason=reason.strip() or found.sentence, detail=detail)
    return settlement.divide(
        session, order, buyer_minor=found.buyer_minor, fee=found.fee, cause=found.cause, reason=reason.strip()
    )


def start(session: Session, order: Order, *, actor: Actor) -> Transition:
    """Work begins. Inside the 14 days a consumer must have wished for that (guard)."""
    _require_seller(order, actor)
    moved = machine.apply(session, order, "start", actor=actor)
    order.started_at = order.started_at or clock.now()
    session.flush()
    return moved


@dataclass(frozen=True, slots=True)
class Proof:
    """A stored file that shows the work, and what it shows."""

    stored_file: StoredFile
    note: str


def deliver(session: Session, order: Order, *, actor: Actor, proofs: list[Proof]) -> Transition:
    """The work is done, and here is how it looks. Raises GuardFailed without evidence, Invalid for a file of before."""
    _require_seller(order, actor)
    machine.lock(session, order)
    order.legal("deliver", actor.kind)
    _shown_for_the_first_time(session, order, proofs)
    for proof in proofs:
        session.add(
            Evidence(
                order_id=order.id,
                stored_file_id=proof.stored_file.id,
                round=order.change_rounds + 1,
                note=proof.note,
                uploaded_by_user_id=actor.user_id,
            )
        )
    session.flush()
    moved = machine.apply(session, order, "deliver", actor=actor, detail={"files": len(proofs)})
    order.delivered_at = clock.now()
    session.flush()
    return moved


def _shown_for_the_first_time(session: Session, order: Order, proofs: list[Proof]) -> None:
    """After changes were asked for, the picture of before proves nothing."""
    files = [proof.stored_file.id for proof in proofs]
    known = sa.select(Evidence.id).where(Evidence.order_id == order.id, Evidence.stored_file_id.in_(files)).limit(1)
    if len(set(files)) < len(files) or session.scalar(known) is not None:
        raise Invalid("This file was shown before.", {"file": "Add one that shows the work as it is now."})


def accept_delivery(session: Session, order: Order, *, actor: Actor) -> Transition:
    """The buyer is content: the hold is released in the same transaction, and the receipt is asked for."""
    _require_buyer(order, actor)
    moved = machine.apply(session, order, "accept_delivery", actor=actor)
    settlement.complete(session, order)
    return moved


def request_changes(session: Session, order: Order, *, actor: Actor, reason: str) -> Transition:
    """The buyer wants it done again, at most three times."""
    _require_buyer(order, actor)
    if not reason.strip():
        raise Invalid("Say what is wrong.", {"reason": "Say what should be done."})
    moved = machine.apply(session, order, "request_changes", actor=actor, reason=reason.strip())
    order.change_rounds += 1
    session.flush()
    return moved


@timer.on_timer("order", "lapse")
def lapse(session: Session, order: Order, *, actor: Actor) -> Transition:
    """The clock of a state ran out: nobody accepted the order, nobody objected to the work, nobody decided a case."""
    before = order.state
    moved = machine.apply(session, order, "lapse", actor=actor)
    if before is OrderState.delivered:
        settlement.complete(session, order)
    elif before is OrderState.disputed:
        dispute.close_with_order(session, order)
        settlement.all_back(session, order, RefundCause.hold_limit)
    else:
        settlement.all_back(session, order, RefundCause.lapsed)
    return moved


@timer.on_timer("order", "hold_limit")
def hold_limit(session: Session, order: Order, *, actor: Actor) -> Transition:
    """75 days after capture: an order nobody began is cancelled, one in progress must be decided."""
    before = order.state
    moved = machine.apply(session, order, "hold_limit", actor=actor)
    if before is OrderState.accepted:
        settlement.all_back(session, order, RefundCause.hold_limit)
    else:
        dispute.open_by_clock(session, order, before, "The work was not delivered within 75 days of payment.")
    return moved


def _of_hold(_session: Session, hold: Escrow) -> Order:
    return hold.order


@timer.on_timer("escrow", "age_alarm", first=_of_hold)
def age_alarm(session: Session, hold: Escrow, *, actor: Actor) -> Transition:
    """85 days after capture: frozen until somebody decides. Delivered work whose fourteen days would end after day 89
    becomes a problem that staff decide, so that it is not refunded by the clock alone."""
    moved = machine.apply(session, hold, "age_alarm", actor=actor, reason="held for 85 days")
    machine.lock(session, hold.order)
    dispute.open_when_late(session, hold.order)
    return moved


@timer.on_timer("escrow", "age_limit", first=_of_hold)
def age_limit(session: Session, hold: Escrow, *, actor: Actor) -> None:
    """89 days after capture, and nobody decided: the buyer's money goes back before the provider's limit, and the order
    ends with its hold."""
    order = hold.order
    if order.state is OrderState.delivered and clock.now() >= order.state_entered_at + dispute.OBJECT_WITHIN:
        lapse(session, order, actor=actor)  # nobody objected in time: the work counts as accepted
        return
    machine.apply(session, order, "hold_ran_out", actor=actor, reason="held for 89 days without a decision")
    dispute.close_with_order(session, order)
    settlement.all_back(session, order, RefundCause.hold_limit, event="age_limit")


def _require_party(order: Order, actor: Actor) -> None:
    if actor.kind is ActorKind.seller:
        _require_seller(order, actor)
    elif actor.kind is ActorKind.buyer:
        _require_buyer(order, actor)


def _require_seller(order: Order, actor: Actor) -> None:
    if order.seller_organisation_id != actor.organisation_id:
        raise NotAllowed("Only the provider of this order can do this.")


def _require_buyer(order: Order, actor: Actor) -> None:
    if order.buyer_organisation_id != actor.organisation_id:
        raise NotAllowed("Only the customer of this order can do this.")


def _new_reference(session: Session) -> str:
    while True:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(6))
        reference = f"FX-{letters[:4]}-{letters[4:]}"
        if session.scalar(sa.select(Order.id).where(Order.reference == reference)) is None:
            return reference


@machine.guard("order", *MONEY_EVENTS)
def _not_contested(session: Session, order: Order, _arguments: object) -> str | None:
    """While a bank may take the money back it neither moves nor is worked for; a timer is set again until then."""
    return freeze.CONTESTED if freeze.order_contested(session, order) else None


def _bank_was_slow(session: Session, order: Order) -> str | None:
    """What a contested payment kept people from doing is not undone by the clock the moment the bank gives in."""
    lately = freeze.decided_lately(session, order)
    return "The bank decided less than fourteen days ago: people decide first." if lately else None


@machine.guard("order", "hold_ran_out")
def _after_a_slow_bank(session: Session, order: Order, _arguments: object) -> str | None:
    return _bank_was_slow(session, order)


@machine.guard("order", "lapse")
def _undecided_after_a_slow_bank(session: Session, order: Order, _arguments: object) -> str | None:
    return _bank_was_slow(session, order) if order.state is OrderState.disputed else None


@machine.guard("order", "hold_limit")
def _not_begun_after_a_slow_bank(session: Session, order: Order, _arguments: object) -> str | None:
    return _bank_was_slow(session, order) if order.state is OrderState.accepted else None


@machine.guard("order", "accept")
def _may_accept(session: Session, order: Order, _arguments: object) -> str | None:
    if clock.now() >= order.accept_by:
        return "The time to accept is over; the money is going back to the customer."
    state = session.scalar(sa.select(Seller.state).where(Seller.organisation_id == order.seller_organisation_id))
    return None if state is SellerState.active else "Your account may not take orders at the moment."


@machine.guard("order", "start")
def _may_start(session: Session, order: Order, _arguments: object) -> str | None:
    """A consumer's service begins inside the cancellation period only on express request (CCR 2013 reg. 36)."""
    over = cancellation.period_ends(order.accepted_at or order.captured_at, order.visit_zone)
    if order.checkout.express_start_at is None and cancellation.may_withdraw(session, order, clock.now()):
        return f"The customer can still cancel and did not ask to begin earlier: work may start on {over:%d %B %Y}."
    return None


@machine.guard("order", "deliver")
def _has_evidence(session: Session, order: Order, _arguments: object) -> str | None:
    shown = sa.select(Evidence.id).where(Evidence.order_id == order.id, Evidence.round == order.change_rounds + 1)
    return None if session.scalar(shown.limit(1)) else "Add at least one photo or document that shows the work."


@machine.guard("order", "request_changes")
def _few_rounds(_session: Session, order: Order, _arguments: object) -> str | None:
    return None if order.change_rounds < MOST_CHANGE_ROUNDS else "Three rounds were used. Report a problem instead."
