"""Which entry each happening of an order makes: rows in, one posting out, keyed so that it is made once for ever."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import account, ledger, postings
from app.services.commerce.allocation import Part
from app.services.commerce.postings import Owed
from app.services.platform import clock
from models.commerce.chargeback import Chargeback
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.refund import Refund
from models.platform.transition import Transition

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


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


def escrow_released(session: Session, order: Order, parts: Sequence[Part], *, transition: Transition) -> int:
    """These parts have just left the hold for the seller, less the commission that belongs to them."""
    lines = postings.escrow_released(
        order.id,
        order.seller_organisation_id,
        order.currency,
        gross=sum(one.gross for one in parts),
        commission=sum(one.commission for one in parts),
        commission_vat=sum(one.commission_vat for one in parts),
    )
    key = f"{transition.subject_id}:{transition.id}"
    return _post(session, "escrow.released", key, _order(order), lines, transition)


def refund_requested(session: Session, refund: Refund, *, held_minor: int, transition: Transition) -> int:
    """`held_minor` leaves the hold, and the refund's part of the buyer fee leaves us, towards the buyer."""
    if refund.order_id is None:
        raise ValueError("a late capture was never in a hold")
    lines = postings.refund_requested(
        refund.order_id,
        refund.id,
        refund.currency,
        gross=held_minor,
        fee_net=refund.fee_net_minor,
        fee_vat=refund.fee_vat_minor,
    )
    return _post(session, "refund.requested", f"{refund.id}", f"order:{refund.order_id}", lines, transition)


def refund_clawed_back(
    session: Session, refund: Refund, order: Order, parts: Sequence[Part], *, fee: bool, transition: Transition
) -> int:
    """What was released already: the seller gives back theirs, we ours; with `fee` the refund's buyer fee too."""
    lines = postings.clawed_back(
        order.seller_organisation_id,
        refund.id,
        refund.currency,
        owed=owed_by(session, order, sum(one.seller for one in parts)),
        commission=sum(one.commission for one in parts),
        commission_vat=sum(one.commission_vat for one in parts),
        fee_net=refund.fee_net_minor if fee else 0,
        fee_vat=refund.fee_vat_minor if fee else 0,
    )
    return _post(session, "refund.clawed_back", f"{refund.id}", f"order:{order.id}", lines, transition)


def owed_by(session: Session, order: Order, amount_minor: int, *, lock: bool = True) -> Owed:
    """From where a seller gives back: what is earned and not paid out first, the rest is owed to us. Locks the seller's
    books for this transaction, because the answer is only true as long as nobody else takes from them; who only shows
    the answer does without `lock`."""
    seller_id, currency = order.seller_organisation_id, order.currency
    if lock:
        session.execute(_LOCK, {"name": f"seller books {seller_id}"})
    pending = min(amount_minor, -account.balance(session, account.seller_pending(seller_id), currency))
    payable = min(amount_minor - pending, -account.balance(session, account.seller_payable(seller_id), currency))
    return Owed(pending, payable, amount_minor - pending - payable)


def captured_late(session: Session, refund: Refund, payment: Payment, *, transition: Transition) -> int:
    """Money for a checkout that was over: owed back at once."""
    lines = postings.captured_late(payment.provider, refund.id, refund.currency, amount=refund.amount_minor)
    return _post(session, "order.captured_late", f"{payment.id}", f"payment:{payment.id}", lines, transition)


def refund_succeeded(session: Session, refund: Refund, *, transition: Transition) -> int:
    """The provider sent it."""
    lines = postings.refund_succeeded(refund.payment.provider, refund.id, refund.currency, amount=refund.due_minor)
    key = f"{refund.id}:{transition.id}"
    return _post(session, "refund.succeeded", key, _refund_subject(refund), lines, transition)


def refund_bounced(session: Session, refund: Refund, *, transition: Transition) -> int:
    """It had arrived, and came back: owed once more."""
    lines = postings.refund_bounced(refund.payment.provider, refund.id, refund.currency, amount=refund.due_minor)
    key = f"{refund.id}:{transition.id}"
    return _post(session, "refund.bounced", key, _refund_subject(refund), lines, transition)


def refund_transferred(session: Session, refund: Refund, *, transition: Transition) -> int:
    """Sent by bank transfer instead."""
    lines = postings.refund_transferred(refund.id, refund.currency, amount=refund.due_minor)
    return _post(session, "refund.transferred", f"{refund.id}", _refund_subject(refund), lines, transition)


def refund_charged_back(
    session: Session, refund: Refund, chargeback: Chargeback, *, amount_minor: int, lost: bool, transition: Transition
) -> int:
    """The buyer's bank gave what we still owed; `lost` when it was booked as our loss before."""
    against = account.CHARGEBACK_LOSS if lost else account.dispute(chargeback.id)
    lines = postings.refund_charged_back(refund.id, against, refund.currency, amount=amount_minor)
    key = f"{refund.id}:{transition.id}"
    return _post(session, "refund.charged_back", key, _refund_subject(refund), lines, transition)


def chargeback_opened(session: Session, chargeback: Chargeback) -> int:
    """The bank took the money, and the provider its fee."""
    lines = postings.chargeback_opened(
        chargeback.provider,
        chargeback.id,
        chargeback.currency,
        amount=chargeback.amount_minor,
        fee=chargeback.fee_minor,
    )
    return _post(session, "chargeback.opened", f"{chargeback.id}", _chargeback_subject(chargeback), lines, None)


def chargeback_won(session: Session, chargeback: Chargeback, *, transition: Transition) -> int:
    """The bank gave it back."""
    lines = postings.chargeback_won(
        chargeback.provider, chargeback.id, chargeback.currency, amount=chargeback.amount_minor
    )
    return _post(session, "chargeback.won", f"{chargeback.id}", _chargeback_subject(chargeback), lines, transition)


def chargeback_fee(session: Session, chargeback: Chargeback, *, more: int, transition: Transition) -> int:
    """A case ended, and the provider keeps `more` minor units for it than it took at first (below zero: less)."""
    lines = postings.chargeback_fee(chargeback.provider, chargeback.currency, more=more)
    return _post(session, "chargeback.fee", f"{chargeback.id}", _chargeback_subject(chargeback), lines, transition)


def escrow_charged_back(
    session: Session, order: Order, chargeback: Chargeback, *, amount_minor: int, transition: Transition
) -> int:
    """The hold covers (part of) what the bank took."""
    lines = postings.escrow_charged_back(order.id, chargeback.id, order.currency, gross=amount_minor)
    return _post(session, "escrow.charged_back", f"{chargeback.id}", _order(order), lines, transition)


def chargeback_lost(
    session: Session,
    chargeback: Chargeback,
    order: Order | None,
    parts: Sequence[Part],
    *,
    fee_net: int,
    fee_vat: int,
    loss: int,
    transition: Transition,
) -> int:
    """What no hold covers: the seller's part of released lines, ours of them, the buyer fee, and what is lost."""
    lines = postings.chargeback_lost(
        order.seller_organisation_id if order else None,
        chargeback.id,
        chargeback.currency,
        owed=owed_by(session, order, sum(one.seller for one in parts)) if order else Owed(),
        commission=sum(one.commission for one in parts),
        commission_vat=sum(one.commission_vat for one in parts),
        fee_net=fee_net,
        fee_vat=fee_vat,
        loss=loss,
    )
    return _post(session, "chargeback.lost", f"{chargeback.id}", _chargeback_subject(chargeback), lines, transition)


def _post(
    session: Session, event: str, key: str, subject: str, lines: list[ledger.Line], transition: Transition | None
) -> int:
    at = transition.at if transition else clock.now()
    return ledger.post(session, event, key=f"{event}:{key}", subject=subject, lines=lines, at=at, transition=transition)


def _order(order: Order) -> str:
    return f"order:{order.id}"


def _refund_subject(refund: Refund) -> str:
    return f"order:{refund.order_id}" if refund.order_id else f"payment:{refund.payment_id}"


def _chargeback_subject(chargeback: Chargeback) -> str:
    return f"order:{chargeback.order_id}" if chargeback.order_id else f"payment:{chargeback.payment_id}"
