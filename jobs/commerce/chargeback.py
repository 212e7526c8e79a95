"""Clockwork for chargebacks: evidence and concessions to the provider, and asking for cases that no message told of."""

from __future__ import annotations

from uuid import UUID

import structlog

from app.clients.payments import Dispute, Evidence, PaymentsError, PaymentsRefused
from app.services.commerce import chargeback, document, payment
from app.services.platform import clock
from jobs.base import JobRun, job
from models.commerce.chargeback import Chargeback
from models.commerce.payment import Payment
from models.errors import Refused

log = structlog.get_logger("jobs")


@job("commerce.chargeback.submit_evidence")
def submit_evidence(run: JobRun, *, chargeback_id: str) -> None:
    """Sends the text with the order's papers. A refusal (too late, decided already) is told; the case goes on."""
    with run.transaction() as session:
        row = session.get_one(Chargeback, UUID(chargeback_id))
        payment_id, order_id = row.payment_id, row.order_id
        dispute_id, text = chargeback.evidence(session, row.id)
        papers = document.papers(session, order_id) if order_id else []
    files: list[Evidence] = [(name, media_type, run.parts.storage.get(key)) for name, media_type, key in papers]
    try:
        said = run.parts.payments.submit_evidence(dispute_id, text=text, files=files, key=f"evidence:{chargeback_id}")
    except PaymentsRefused as error:
        log.warning("evidence refused", chargeback=chargeback_id, error=str(error))
        return
    with run.finish() as session:
        chargeback.evidence_sent(session, UUID(chargeback_id))
        chargeback.follow(session, session.get_one(Payment, payment_id), said)


@job("commerce.chargeback.concede")
def concede(run: JobRun, *, chargeback_id: str) -> None:
    """Tells the provider that a case is not contested; its answer ends it."""
    with run.transaction() as session:
        row = session.get_one(Chargeback, UUID(chargeback_id))
        dispute_id, payment_id = row.provider_dispute_id, row.payment_id
    try:
        said = run.parts.payments.close_dispute(dispute_id, key=f"concede:{chargeback_id}")
    except PaymentsRefused:
        said = run.parts.payments.dispute(dispute_id)
    with run.finish() as session:
        chargeback.follow(session, session.get_one(Payment, payment_id), said)


@job("commerce.chargeback.sweep")
def sweep(run: JobRun) -> None:
    """Asks about open cases, and for new ones of the last days: messages may never come."""
    with run.transaction() as session:
        open_cases = [dispute_id for _, dispute_id in chargeback.to_sweep(session)]
    try:
        found = {one.id: one for one in run.parts.payments.disputes_since(clock.now() - chargeback.LOOKED_BACK)}
        for dispute_id in open_cases:
            if dispute_id not in found:
                found[dispute_id] = run.parts.payments.dispute(dispute_id)
    except PaymentsError as error:
        log.warning("chargebacks not asked for", error=str(error))
        return
    for said in found.values():
        _apply(run, said)


def _apply(run: JobRun, said: Dispute) -> None:
    try:
        with run.transaction() as session:
            row = payment.of_intent_id(session, said.intent_id)
            if row is not None and row.captured_at is not None:
                chargeback.follow(session, row, said)
    except Refused as error:
        log.warning("chargeback not settled by asking", dispute=said.id, error=str(error))
