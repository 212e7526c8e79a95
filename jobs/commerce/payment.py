"""Clockwork for payments: opened, voided and asked about at the provider, always outside a transaction."""

from __future__ import annotations

import time
from functools import partial
from itertools import chain, zip_longest
from uuid import UUID

import structlog

from app.clients.payments import PaymentsRefused, PaymentsUnavailable, PaymentsUnknown
from app.services.commerce import asked, capture, payment, refund
from jobs.base import JobRun, job
from models.commerce.payment import Payment
from models.errors import Refused

log = structlog.get_logger("jobs")
ENDED = ("succeeded", "canceled")
LONGEST = 12
"""Seconds after which the sweep begins nothing new: one answer may take ten more, and a job has 25."""


@job("commerce.payment.open")
def open_intent(run: JobRun, *, payment_id: str) -> None:
    """Opens the payment at the provider if the browser's request has not done so."""
    key = UUID(payment_id)
    with run.transaction() as session:
        opening = payment.opening(session, key)
    if opening.intent_id is None:
        intent = payment.open_at_provider(run.parts.payments, opening, run.parts.config.base_url)
        with run.finish() as session:
            payment.opened(session, key, intent)


@job("commerce.payment.void")
def void(run: JobRun, *, payment_id: str) -> None:
    """Cancels the payment of a checkout that is over. Paid in the meantime: then its present state is applied."""
    with run.transaction() as session:
        row = session.get_one(Payment, UUID(payment_id))
        intent_id, over = row.intent_id, row.captured_at or row.voided_at
    if intent_id is None or over:
        return
    try:
        intent = run.parts.payments.cancel_intent(intent_id, key=f"void:{payment_id}")
    except PaymentsRefused:
        intent = run.parts.payments.intent(intent_id)
    except PaymentsUnknown:
        # under the same key the provider repeats its first answer, its own failure too: only looking tells
        intent = run.parts.payments.intent(intent_id)
        if intent.status not in ENDED:
            raise
    with run.finish() as session:
        capture.follow(session, session.get_one(Payment, UUID(payment_id)), intent)


@job("commerce.payment.sweep")
def sweep(run: JobRun) -> None:
    """Asks about everything whose end we have not heard of: messages may never come.

    Who was asked longest ago comes first, so that a provider too slow for all is asked about each in turn. One that
    cannot be settled is told in the log and left to people, and keeps none of the others waiting. A provider that is
    away is asked again in a minute, by the next sweep.
    """
    end = time.monotonic() + LONGEST
    with run.transaction() as session:
        payments, refunds = payment.to_sweep(session), refund.to_sweep(session)
    ours = [(partial(asked.payment, payment_id=one[0]), partial(_ask_about_payment, run, *one)) for one in payments]
    back = [(partial(asked.refund, refund_id=one[0]), partial(_ask_about_refund, run, *one)) for one in refunds]
    for note, ask in filter(None, chain.from_iterable(zip_longest(ours, back))):
        if time.monotonic() > end:
            log.warning("sweep ended early", error="no time left; the next one goes on here")
            return
        with run.transaction() as session:
            note(session)
        try:
            ask()
        except PaymentsUnavailable as error:
            log.warning("sweep ended early", error=str(error))
            return
        except (PaymentsRefused, Refused) as error:
            log.warning("not settled by asking", subject=str(ask.args[1]), error=str(error))


def _ask_about_payment(run: JobRun, payment_id: UUID, intent_id: str) -> None:
    intent = run.parts.payments.intent(intent_id)
    with run.transaction() as session:
        capture.follow(session, session.get_one(Payment, payment_id), intent)


def _ask_about_refund(run: JobRun, refund_id: UUID, intent_id: str, provider_id: str | None) -> None:
    found = (
        (run.parts.payments.refund_by_id(provider_id),)
        if provider_id
        else run.parts.payments.refunds_of(intent_id, reference=str(refund_id))
    )
    with run.transaction() as session:
        refund.heard(session, refund_id, found)
