"""An order's verbs: placed by a payment, accepted or declined, started, delivered, accepted, or ended by its clock."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.outbox import send
from app.services.commerce import cancellation, escrow, refund
from app.services.platform import clock, machine, timer
from models.actor import Actor
from models.commerce.checkout import Checkout
from models.commerce.escrow import Escrow
from models.commerce.evidence import Evidence
from models.commerce.order import MOST_CHANGE_ROUNDS, Order, OrderState
from models.commerce.order_line import OrderLine
from models.commerce.payment import Payment
from models.commerce.refund import Refund, RefundCause
from models.errors import Invalid, NotAllowed
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from models.platform.stored_file import StoredFile
from models.platform.transition import Transition

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misheard or misread
ACCEPT_WITHIN = timedelta(days=6)
BEFORE_VISIT = timedelta(days=1)
DISPUTE_WITHIN = timedelta(days=14)
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
    return _all_back(session, order, RefundCause.declined)


def cancel(session: Session, order: Order, *, actor: Actor, reason: str = "") -> Refund:
    """The buyer turns back before the seller has accepted: everything goes back, the fee included."""
    _require_buyer(order, actor)
    machine.lock(session, order)  # the provider may be accepting: once accepted, the move is legal and this verb is not
    if order.state is not OrderState.pending_acceptance:
        raise NotAllowed("The provider has accepted. Ask them, or ask us, to cancel.")
    machine.apply(session, order, "cancel", actor=actor, reason=reason)
    return _all_back(session, order, RefundCause.cancelled_before_acceptance)


def start(session: Session, order: Order, *, actor: Actor) -> Transition:
    """Work begins. Inside the 14 days a consumer must have wished for that (guard)."""
    _require_seller(order, actor)
    return machine.apply(session, order, "start", actor=actor)


@dataclass(frozen=True, slots=True)
class Proof:
    """A stored file that shows the work, and what it shows."""

    stored_file: StoredFile
    note: str


def deliver(session: Session, order: Order, *, actor: Actor, proofs: list[Proof]) -> Transition:
    """The work is done, and here is how it looks. Raises GuardFailed without evidence."""
    _require_seller(order, actor)
    machine.lock(session, order)
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


def accept_delivery(session: Session, order: Order, *, actor: Actor) -> Transition:
    """The buyer is content: the hold is released in the same transaction, and the receipt is asked for."""
    _require_buyer(order, actor)
    moved = machine.apply(session, order, "accept_delivery", actor=actor)
    _complete(session, order)
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
        _complete(session, order)
    elif before is OrderState.disputed:
        _all_back(session, order, RefundCause.hold_limit)
    else:
        _all_back(session, order, RefundCause.lapsed)
    return moved


@timer.on_timer("order", "hold_limit")
def hold_limit(session: Session, order: Order, *, actor: Actor) -> Transition:
    """75 days after capture: an order nobody began is cancelled, one in progress must be decided."""
    before = order.state
    moved = machine.apply(session, order, "hold_limit", actor=actor)
    if before is OrderState.accepted:
        _all_back(session, order, RefundCause.hold_limit)
    return moved


@timer.on_timer("escrow", "age_limit")
def age_limit(session: Session, hold: Escrow, *, actor: Actor) -> None:
    """89 days after capture, and nobody decided: the buyer's money goes back before the provider's limit, and the order
    ends with its hold."""
    order = hold.order
    machine.apply(session, order, "hold_ran_out", actor=actor, reason="held for 89 days without a decision")
    _all_back(session, order, RefundCause.hold_limit, event="age_limit")


def payment_of(session: Session, order: Order) -> Payment:
    """The captured payment of an order."""
    return session.scalars(sa.select(Payment).where(Payment.checkout_id == order.checkout_id)).one()


def by_reference(session: Session, reference: str, organisation_ids: frozenset[UUID]) -> Order | None:
    """The order if one of these organisations is party to it, else None: a stranger's looks like none."""
    found = session.scalars(sa.select(Order).where(Order.reference == reference.upper())).first()
    if found is None:
        return None
    return found if organisation_ids & {found.buyer_organisation_id, found.seller_organisation_id} else None


def _complete(session: Session, order: Order) -> None:
    order.closed_at = clock.now()
    escrow.release_rest(session, order)
    send(
        session, "commerce.receipt.write", key=f"receipt:{order.id}", payload={"order_id": str(order.id)}, queue="paper"
    )


def _all_back(session: Session, order: Order, cause: RefundCause, *, event: str = "") -> Refund:
    order.closed_at = order.closed_at or clock.now()
    return refund.everything(session, order, payment_of(session, order), cause=cause, event=event)


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


@machine.guard("order", "accept")
def _may_accept(session: Session, order: Order, _arguments: object) -> str | None:
    if clock.now() >= order.accept_by:
        return "The time to accept is over; the money is going back to the customer."
    state = session.scalar(sa.select(Seller.state).where(Seller.organisation_id == order.seller_organisation_id))
    return None if state is SellerState.active else "Your account may not take orders at the moment."


@machine.guard("order", "start")
def _may_start(session: Session, order: Order, _arguments: object) -> str | None:
    """A consumer's service begins inside the cancellation period only on express request (CCR 2013 reg. 36)."""
    consumer = session.scalar(sa.select(Organisation.personal).where(Organisation.id == order.buyer_organisation_id))
    over = cancellation.period_ends(order.accepted_at or order.captured_at, order.visit_zone)
    if consumer and clock.now() < over and order.checkout.express_start_at is None:
        return f"The customer can still cancel and did not ask to begin earlier: work may start on {over:%d %B %Y}."
    return None


@machine.guard("order", "deliver")
def _has_evidence(session: Session, order: Order, _arguments: object) -> str | None:
    shown = sa.select(Evidence.id).where(Evidence.order_id == order.id, Evidence.round == order.change_rounds + 1)
    return None if session.scalar(shown.limit(1)) else "Add at least one photo or document that shows the work."


@machine.guard("order", "request_changes")
def _few_rounds(_session: Session, order: Order, _arguments: object) -> str | None:
    return None if order.change_rounds < MOST_CHANGE_ROUNDS else "Three rounds were used. Report a problem instead."
