"""A checkout's payment from our side: its row is written before the provider is asked, and found by our reference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.payments import Intent, Payments, PaymentsUnknown
from app.outbox import send
from app.services.platform import clock
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.payment import Payment
from models.errors import Conflict

WATCHED_FOR = timedelta(days=3)
OVER = (CheckoutState.expired, CheckoutState.abandoned)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the provider is asked to open; `payment_id` is reference and idempotency key at once."""

    payment_id: UUID
    checkout_id: UUID
    amount_minor: int
    currency: str
    description: str
    intent_id: str | None


def prepare(session: Session, checkout: Checkout, *, provider: str) -> Payment:
    """The payment's row, written before the provider is asked; the clockwork asks too, should the browser go away."""
    row = Payment(
        checkout_id=checkout.id,
        provider=provider,
        currency=checkout.currency,
        amount_minor=checkout.total_minor,
    )
    session.add(row)
    session.flush()
    send(session, "commerce.payment.open", key=f"payment.open:{row.id}", payload={"payment_id": str(row.id)})
    return row


def opening(session: Session, payment_id: UUID) -> Opening:
    """The facts for the provider's call, which is made outside any transaction."""
    row = session.get_one(Payment, payment_id)
    first = row.checkout.lines[0]
    title = first.description if row.checkout.quote_offer_id else first.title
    return Opening(row.id, row.checkout_id, row.amount_minor, row.currency, title, row.intent_id)


def opened(session: Session, payment_id: UUID, intent: Intent) -> Payment:
    """Keeps the provider's id. The same answer twice changes nothing; another one is a Conflict."""
    row = session.get_one(Payment, payment_id, with_for_update=True)
    if row.intent_id not in {None, intent.id}:
        raise Conflict("The provider opened this payment under another number before.")
    row.intent_id = intent.id
    session.info["verb"] = "payment.opened"
    session.flush()
    state = session.scalar(sa.select(Checkout.state).where(Checkout.id == row.checkout_id).with_for_update(read=True))
    if state in OVER and row.captured_at is None:  # ended while it was being opened: its void found nothing to close
        key = f"payment.void:{row.id}:opened"
        send(session, "commerce.payment.void", key=key, payload={"payment_id": str(row.id)})
    return row


def open_at_provider(provider: Payments, asked: Opening, base_url: str) -> Intent:
    """Calls the provider; never inside a transaction. The payment's id is the key, so asking twice opens one.

    An answer that was lost is looked up: under the same key the provider repeats what it answered first, and if that
    was its own failure, it repeats that for a day. Raises the client's PaymentsRefused, PaymentsUnavailable,
    PaymentsUnknown.
    """
    try:
        return provider.open_intent(
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            reference=str(asked.payment_id),
            description=asked.description,
            return_url=f"{base_url}/checkout/{asked.checkout_id}/return",
            key=f"payment:{asked.payment_id}",
            metadata={"checkout": str(asked.checkout_id)},
        )
    except PaymentsUnknown as lost:
        if not lost.code and (opened_before := provider.intents_of(str(asked.payment_id))):
            return opened_before[0]
        raise


def of_intent(session: Session, intent: Intent) -> Payment | None:
    """Our row for the provider's payment, by its id or by the reference we gave it."""
    row = session.scalars(sa.select(Payment).where(Payment.intent_id == intent.id)).first()
    if row is None and (reference := _uuid(intent.reference)):
        row = session.get(Payment, reference)
    return row


def of_intent_id(session: Session, intent_id: str) -> Payment | None:
    """Our row for a payment that the provider only names."""
    return session.scalars(sa.select(Payment).where(Payment.intent_id == intent_id)).first()


def to_sweep(session: Session, limit: int = 50) -> list[tuple[UUID, str]]:
    """Payments opened a minute ago or more whose end we have not heard of: (payment, intent) to ask about, first those
    that were asked about longest ago. In real time, as `created_at` is.
    """
    now = clock.real()
    query = (
        sa.select(Payment.id, Payment.intent_id)
        .where(
            Payment.captured_at.is_(None) | Payment.fee_minor.is_(None),
            Payment.voided_at.is_(None),
            Payment.intent_id.is_not(None),
            Payment.created_at.between(now - WATCHED_FOR, now - timedelta(minutes=1)),
        )
        .order_by(Payment.asked_at.asc().nulls_first(), Payment.created_at)
        .limit(limit)
    )
    return [(payment_id, intent_id) for payment_id, intent_id in session.execute(query) if intent_id]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
