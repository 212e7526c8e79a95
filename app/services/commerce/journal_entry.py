"""Which entry each happening of an order makes: rows in, one posting out, keyed so that it is made once for ever."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.services.commerce import ledger, postings, split
from app.services.platform import clock
from models.commerce.escrow import Escrow
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.refund import Refund
from models.platform.transition import Transition


def order_captured(session: Session, order: Order, payment: Payment, *, transition: Transition) -> int:
    """The buyer's money: the lines into the hold, the fee and its VAT to us."""
    lines = postings.order_captured(
        payment.provider,
        order.id,
        order.currency,
        gross=order.gross_minor,
        fee_net=order.fee_net_minor,
        fee_vat=order.fee_vat_minor,
    )
    return _post(session, "order.captured", f"{payment.id}", _order(order), lines, transition)


def psp_fee(session: Session, payment: Payment) -> int:
    """What the provider kept of a capture."""
    lines = postings.psp_fee(payment.provider, payment.currency, fee=payment.fee_minor or 0)
    return _post(session, "psp.fee", f"{payment.id}", f"payment:{payment.id}", lines, None)


def escrow_released(session: Session, order: Order, hold: Escrow, *, amount_minor: int, transition: Transition) -> int:
    """`amount_minor` has just left the hold for the seller, less the part of our commission that belongs to it."""
    before = hold.released_minor + hold.refunded_minor - amount_minor
    whole = split.Commission(
        sum(line.commission_minor for line in order.lines), sum(line.commission_vat_minor for line in order.lines)
    )
    ours = split.commission_of_part(whole, gross=hold.captured_minor, before=before, now=amount_minor)
    lines = postings.escrow_released(
        order.id,
        order.seller_organisation_id,
        order.currency,
        gross=amount_minor,
        commission=ours.net,
        commission_vat=ours.vat,
    )
    return _post(session, "escrow.released", f"{hold.id}:{transition.id}", _order(order), lines, transition)


def refund_requested(session: Session, refund: Refund, *, transition: Transition) -> int:
    """The refund's sum leaves the hold, and its part of the buyer fee leaves us, towards the buyer."""
    if refund.order_id is None:
        raise ValueError("a late capture was never in a hold")
    held = refund.amount_minor - refund.fee_net_minor - refund.fee_vat_minor
    lines = postings.refund_requested(
        refund.order_id,
        refund.id,
        refund.currency,
        gross=held,
        fee_net=refund.fee_net_minor,
        fee_vat=refund.fee_vat_minor,
    )
    return _post(session, "refund.requested", f"{refund.id}", f"order:{refund.order_id}", lines, transition)


def captured_late(session: Session, refund: Refund, payment: Payment, *, transition: Transition) -> int:
    """Money for a checkout that was over: owed back at once."""
    lines = postings.captured_late(payment.provider, refund.id, refund.currency, amount=refund.amount_minor)
    return _post(session, "order.captured_late", f"{payment.id}", f"payment:{payment.id}", lines, transition)


def refund_succeeded(session: Session, refund: Refund, *, transition: Transition) -> int:
    """The provider sent it."""
    lines = postings.refund_succeeded(refund.payment.provider, refund.id, refund.currency, amount=refund.amount_minor)
    key = f"{refund.id}:{transition.id}"
    return _post(session, "refund.succeeded", key, _refund_subject(refund), lines, transition)


def refund_bounced(session: Session, refund: Refund, *, transition: Transition) -> int:
    """It had arrived, and came back: owed once more."""
    lines = postings.refund_bounced(refund.payment.provider, refund.id, refund.currency, amount=refund.amount_minor)
    key = f"{refund.id}:{transition.id}"
    return _post(session, "refund.bounced", key, _refund_subject(refund), lines, transition)


def _post(
    session: Session, event: str, key: str, subject: str, lines: list[ledger.Line], transition: Transition | None
) -> int:
    at = transition.at if transition else clock.now()
    return ledger.post(session, event, key=f"{event}:{key}", subject=subject, lines=lines, at=at, transition=transition)


def _order(order: Order) -> str:
    return f"order:{order.id}"


def _refund_subject(refund: Refund) -> str:
    return f"order:{refund.order_id}" if refund.order_id else f"payment:{refund.payment_id}"
