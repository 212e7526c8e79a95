"""Clockwork for chargebacks: evidence and concessions to the provider, and asking for cases that no message told of."""

from __future__ import annotations

import time
from uuid import UUID

import structlog

from app.clients.payments import Dispute, Evidence, PaymentsRefused, PaymentsUnavailable, PaymentsUnknown
from app.services.commerce import asked, chargeback, document, payment
from app.services.platform import clock
from jobs.base import JobRun, job
from models.commerce.chargeback import Chargeback
from models.commerce.payment import Payment
from models.errors import Invalid, Refused

log = structlog.get_logger("jobs")
LONGEST = 12
"""Seconds after which the sweep begins nothing new: one answer may take ten more, and a job has 25."""


@job("commerce.chargeback.submit_evidence")
def submit_evidence(run: JobRun, *, chargeback_id: str, papers: list[str], proved: bool) -> None:
    """Sends the text with those papers of the order: what there was when somebody sent it, however often it is tried.

    A bank takes one letter and refuses the second, so each try has a key of its own: under an old one the provider
    repeats its own failure for a day. Whether a try that brought no answer arrived is looked up. What the provider
    refuses while it still waits for a letter becomes a dead letter, which somebody sees.
    """
    with run.transaction() as session:
        row = session.get_one(Chargeback, UUID(chargeback_id))
        payment_id, rounds = row.payment_id, row.evidence_rounds
        dispute_id, text = chargeback.evidence(session, row.id, proved=proved)
        found = document.papers(session, [UUID(one) for one in papers])
    files: list[Evidence] = [(name, media_type, run.parts.storage.get(key)) for name, media_type, key in found]
    try:
        said = run.parts.payments.submit_evidence(
            dispute_id, text=text, files=files, key=f"evidence:{chargeback_id}:{rounds}:{run.number}"
        )
    except (PaymentsRefused, PaymentsUnknown) as error:
        said = _looked_up(run, dispute_id, error)
    with run.finish() as session:
        if said.status in chargeback.REVIEW:
            chargeback.evidence_sent(session, UUID(chargeback_id))
        chargeback.follow(session, session.get_one(Payment, payment_id), said)


def _looked_up(run: JobRun, dispute_id: str, error: PaymentsRefused | PaymentsUnknown) -> Dispute:
    """What the provider says of the case after it refused, or did not answer. While it still waits for us: Invalid for
    a refusal, and the lost answer again."""
    said = run.parts.payments.dispute(dispute_id)
    if said.status not in chargeback.ASKS:
        return said
    if isinstance(error, PaymentsRefused):
        raise Invalid(f"The provider does not take it: {error}") from error
    raise error


@job("commerce.chargeback.concede")
def concede(run: JobRun, *, chargeback_id: str) -> None:
    """Tells the provider that a case is not contested; its answer, or what looking says, ends it."""
    with run.transaction() as session:
        row = session.get_one(Chargeback, UUID(chargeback_id))
        dispute_id, payment_id = row.provider_dispute_id, row.payment_id
    try:
        said = run.parts.payments.close_dispute(dispute_id, key=f"concede:{chargeback_id}:{run.number}")
    except (PaymentsRefused, PaymentsUnknown) as error:
        said = _looked_up(run, dispute_id, error)
    with run.finish() as session:
        chargeback.follow(session, session.get_one(Payment, payment_id), said)


@job("commerce.chargeback.sweep")
def sweep(run: JobRun) -> None:
    """Asks for new cases of the last days, and about open ones: messages may never come. Each answer is kept before the
    next is asked for; one that cannot be settled keeps no other waiting, and a slow provider is asked on by the next
    sweep."""
    end = time.monotonic() + LONGEST
    with run.transaction() as session:
        open_cases = chargeback.to_sweep(session)
    try:
        for said in run.parts.payments.disputes_since(clock.now() - chargeback.LOOKED_BACK):
            _apply(run, said)
            if time.monotonic() > end:
                break
        for row_id, dispute_id in open_cases:
            if time.monotonic() > end:
                log.warning("sweep ended early", error="no time left; the next one goes on here")
                return
            with run.transaction() as session:
                asked.chargeback(session, row_id)
            _ask_about(run, dispute_id)
    except (PaymentsUnavailable, PaymentsUnknown) as error:
        log.warning("sweep ended early", error=str(error))


def _ask_about(run: JobRun, dispute_id: str) -> None:
    try:
        _apply(run, run.parts.payments.dispute(dispute_id))
    except PaymentsRefused as error:
        log.warning("chargeback not settled by asking", dispute=dispute_id, error=str(error))


def _apply(run: JobRun, said: Dispute) -> None:
    try:
        with run.transaction() as session:
            row = payment.of_intent_id(session, said.intent_id)
            if row is not None and row.captured_at is not None:
                chargeback.follow(session, row, said)
    except Refused as error:
        log.warning("chargeback not settled by asking", dispute=said.id, error=str(error))
