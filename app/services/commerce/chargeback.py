"""Chargebacks: what the provider says of a contested payment, applied; the evidence we send; where a loss is booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.payments import Dispute as ProviderDispute
from app.outbox import send
from app.services.commerce import allocation, dispute, document, escrow, journal_entry, money, refund
from app.services.commerce.allocation import Part
from app.services.commerce.refund import Fee
from app.services.platform import clock, machine, seal, timer
from app.services.platform.seal import Proof
from models.actor import Actor, ActorKind
from models.commerce.allocation import AllocationKind
from models.commerce.chargeback import LIVE, Chargeback, ChargebackState
from models.commerce.journal_entry import JournalEntry
from models.commerce.order import ORDER, Order
from models.commerce.payment import Payment
from models.errors import Conflict, Invalid
from models.platform.transition import Transition

SYSTEM = Actor.system("chargeback")
PSP = Actor(ActorKind.psp, name="payment provider")
REVIEW = ("under_review", "warning_under_review")
ASKS = ("needs_response", "warning_needs_response")
SHORTEST = 20
LOOKED_BACK = timedelta(days=30)
"""Further than any time in which we and all messages were away."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Who would bear a case that is lost now, nothing written. Minor units: `owed` is a refund that had not left,
    `held` comes out of the hold, `seller` back from the seller, `commission` (with its VAT) and `fee` (the buyer fee)
    from what we earned; `loss` is what nobody covers."""

    owed: int
    held: int
    seller: int
    commission: int
    fee: int
    loss: int


def outlook(session: Session, row: Chargeback) -> Outlook:
    """What `follow` would book for a loss, by today's figures."""
    owed, left = 0, row.amount_minor
    for one in refund.waiting(session, row.payment_id, lock=False):
        owed += min(one.due_minor, left - owed)
    left -= owed
    held = min(left, escrow.remaining(session, row.order)) if row.order is not None else 0
    left -= held
    parts = _released(session, row.order, left) if row.order is not None else []
    left -= allocation.total(parts)
    fee = _fee(session, row.order, left).total
    seller = sum(one.seller for one in parts)
    return Outlook(owed, held, seller, allocation.total(parts) - seller, fee, left - fee)


def follow(session: Session, payment: Payment, said: ProviderDispute, *, actor: Actor = PSP) -> Chargeback:
    """Applies the provider's present word about a captured payment. Safe to repeat, in any order.

    Raises Conflict when sum or currency are not the payment's: that is for people to look at.
    """
    session.flush()
    session.refresh(
        payment, with_for_update={"key_share": True}
    )  # two messages about a new case: the second finds the first's row
    order = session.scalars(sa.select(Order).where(Order.checkout_id == payment.checkout_id)).first()
    if order is not None:
        machine.lock(session, order)
        escrow.locked(session, order)
    row = _row(session, payment, order, said)
    machine.lock(session, row)
    session.info["verb"] = "chargeback.follow"
    if row.state not in LIVE:
        return row
    _deadline(session, row, said)
    if row.withdrawn_at is None and (said.withdrawn or said.status in {"won", "lost"}):
        _withdrawn(session, row, order, said)
    if said.status == "won":
        _won(session, row, order, said, actor)
    elif said.status == "lost":
        _lost(session, row, order, said, actor)
    elif said.status == "warning_closed":
        machine.apply(session, row, "inquiry_closed", actor=actor)
        row.closed_at = clock.now()
    elif said.status in REVIEW and row.state is ChargebackState.needs_response:
        machine.apply(session, row, "psp_review", actor=actor)
    session.flush()
    return row


def send_evidence(session: Session, row: Chargeback, *, actor: Actor, text: str) -> Transition:
    """What we tell the bank; the contract, the receipt and the ledger's proof go with it. Once, before its deadline."""
    if len(text.strip()) < SHORTEST:
        raise Invalid("Say a little more.", {"text": "Tell the bank what was agreed, done and accepted."})
    moved = machine.apply(session, row, "submit_evidence", actor=actor)
    row.evidence_text, row.evidence_sent_at = text.strip(), None
    row.evidence_rounds += 1
    session.flush()
    payload = {
        "chargeback_id": str(row.id),
        "papers": [str(one) for one in document.ids(session, row.order_id)] if row.order_id else [],
        "proved": _proof(session, row) is not None,
    }
    key = f"chargeback.evidence:{row.id}:{row.evidence_rounds}"
    send(session, "commerce.chargeback.submit_evidence", key=key, payload=payload)
    return moved


def evidence(session: Session, chargeback_id: UUID, *, proved: bool) -> tuple[str, str]:
    """What the provider is sent: its id of the case, and our text, `proved` with the ledger's proof of the payment
    under it. It never changes: whichever try arrives, it is the letter that somebody sent."""
    row = session.get_one(Chargeback, chargeback_id)
    found = _proof(session, row) if proved else None
    lines = [row.evidence_text]
    if found is not None:
        entry, proof = found
        lines += [
            f"Payment recorded {entry.posted_at:%Y-%m-%d %H:%M:%S} UTC as ledger entry {entry.id}, unaltered since:",
            f"hash {proof.entry_hash.hex()}, block {proof.height}, block hash {proof.block_hash.hex()}.",
        ]
    return row.provider_dispute_id, "\n".join(lines)


def _proof(session: Session, row: Chargeback) -> tuple[JournalEntry, Proof] | None:
    """The ledger's proof of the payment; None until the entry is sealed."""
    captured = sa.select(JournalEntry).where(JournalEntry.idem_key == f"order.captured:{row.payment_id}")
    entry = session.scalars(captured).first()
    proof = seal.inclusion_proof(session, "ledger", entry.id) if entry else None
    return (entry, proof) if entry is not None and proof is not None else None


def evidence_sent(session: Session, chargeback_id: UUID) -> None:
    """The provider has it."""
    row = session.get_one(Chargeback, chargeback_id, with_for_update=True)
    session.info["verb"] = "chargeback.evidence_sent"
    row.evidence_sent_at = clock.now()
    session.flush()


def concede(session: Session, row: Chargeback, *, actor: Actor, reason: str) -> Transition:
    """We do not contest it; the provider is told, and its word ends the case."""
    if not reason.strip():
        raise Invalid("Say why.", {"reason": "Say why it is not contested."})
    moved = machine.apply(session, row, "concede", actor=actor, reason=reason.strip())
    row.concession = True
    session.flush()
    payload = {"chargeback_id": str(row.id)}
    send(session, "commerce.chargeback.concede", key=f"chargeback.concede:{row.id}", payload=payload)
    return moved


@machine.guard("chargeback", "concede")
def _money_was_taken(_session: Session, row: Chargeback, _arguments: object) -> str | None:
    """A provider refuses to close an inquiry: it ends with a refund, or by itself."""
    return None if row.withdrawn_at else "The bank only asks so far. Refund the order instead, or answer."


@timer.on_timer("chargeback", "no_evidence")
def no_evidence(session: Session, row: Chargeback, *, actor: Actor) -> Transition:
    """The bank's deadline passed and we sent nothing: its decision is asked for until it comes."""
    return machine.apply(session, row, "no_evidence", actor=actor, reason="nothing was sent in time")


def to_sweep(session: Session, limit: int = 50) -> list[tuple[UUID, str]]:
    """Cases without an end, whoever was asked about longest ago first: (chargeback, provider's dispute id)."""
    query = sa.select(Chargeback.id, Chargeback.provider_dispute_id).where(Chargeback.state.in_(LIVE))
    order = query.order_by(Chargeback.asked_at.nulls_first(), Chargeback.state_entered_at)
    return [(row_id, dispute_id) for row_id, dispute_id in session.execute(order.limit(limit))]


def _row(session: Session, payment: Payment, order: Order | None, said: ProviderDispute) -> Chargeback:
    found = session.scalars(
        sa.select(Chargeback).where(Chargeback.provider == payment.provider, Chargeback.provider_dispute_id == said.id)
    ).first()
    if found is not None:
        return found
    if said.currency != payment.currency or not 0 < said.amount_minor <= payment.captured_minor:
        raise Conflict(f"The bank asks for {said.amount_minor} {said.currency} of payment {payment.id}.")
    row = Chargeback(
        payment_id=payment.id,
        order_id=order.id if order else None,
        provider=payment.provider,
        provider_dispute_id=said.id,
        reason=said.reason[:120],
        currency=said.currency,
        amount_minor=said.amount_minor,
        evidence_due_at=said.due_at,
    )
    machine.begin(session, row)
    return row


def _deadline(session: Session, row: Chargeback, said: ProviderDispute) -> None:
    """An inquiry that became a chargeback asks again, with a new deadline."""
    if row.evidence_due_at != said.due_at and said.due_at is not None:
        row.evidence_due_at = said.due_at
        session.flush()
        timer.rearm(session, row)
    escalated = row.withdrawn_at is None and said.withdrawn
    if escalated and said.status in ASKS and row.state is ChargebackState.under_review:
        machine.apply(session, row, "psp_asks", actor=PSP)


def _withdrawn(session: Session, row: Chargeback, order: Order | None, said: ProviderDispute) -> None:
    row.withdrawn_at, row.fee_minor = clock.now(), said.fee_minor
    session.flush()
    journal_entry.chargeback_opened(session, row)
    if order is not None:
        escrow.freeze_hold(session, order, reason="the payment is contested at the bank")


def _won(session: Session, row: Chargeback, order: Order | None, said: ProviderDispute, actor: Actor) -> None:
    moved = machine.apply(session, row, "psp_won", actor=actor)
    row.closed_at = clock.now()
    session.flush()
    journal_entry.chargeback_won(session, row, transition=moved)
    _fee_in_the_end(session, row, said, moved)
    if order is not None:
        escrow.thaw(session, order, reason="the chargeback was won")
        dispute.open_when_late(session, order)
    _resume_refunds(session, row)


def _lost(session: Session, row: Chargeback, order: Order | None, said: ProviderDispute, actor: Actor) -> None:
    """Covered in this order: what we owed the buyer anyway, what is held, what the seller got, the order fee; the rest
    is our loss."""
    moved = machine.apply(session, row, "psp_lost", actor=actor)
    row.closed_at = clock.now()
    session.flush()
    _fee_in_the_end(session, row, said, moved)
    refund.lock_all(session, row.payment_id)
    left = row.amount_minor - _owed_anyway(session, row)
    if order is not None and left:
        left -= escrow.charge_back(session, order, row, left)
        _end(session, order)
    parts = _released(session, order, left) if order is not None else []
    left -= allocation.total(parts)
    fee = _fee(session, order, left)
    left -= fee.total
    row.order_fee_net_minor, row.order_fee_vat_minor, row.loss_minor = fee.net, fee.vat, left
    if parts or fee.total or left:
        allocation.record(
            session, parts, AllocationKind.chargeback, transition=moved, chargeback=row, after_release=True
        )
        journal_entry.chargeback_lost(
            session, row, order, parts, fee_net=fee.net, fee_vat=fee.vat, loss=left, transition=moved
        )
    if order is not None:
        escrow.thaw(session, order, reason="the chargeback was lost; the rest stays held")
    _resume_refunds(session, row)


def _fee_in_the_end(session: Session, row: Chargeback, said: ProviderDispute, moved: Transition) -> None:
    """A provider may give its fee back with a won case, or take another; whatever was heard first, this is booked."""
    if more := said.fee_minor - row.fee_minor:
        row.fee_minor = said.fee_minor
        journal_entry.chargeback_fee(session, row, more=more, transition=moved)


def _owed_anyway(session: Session, row: Chargeback) -> int:
    """Refunds that had not left: the bank paid them. Minor units."""
    covered = 0
    for one in refund.waiting(session, row.payment_id):
        if part := min(one.due_minor, row.amount_minor - covered):
            refund.covered_by_chargeback(session, one, row, part)
            covered += part
    return covered


def _end(session: Session, order: Order) -> None:
    """An order whose hold the bank emptied is over."""
    if order.state not in ORDER.terminal and not escrow.remaining(session, order):
        machine.apply(session, order, "charged_back", actor=SYSTEM, reason="the chargeback was lost")
        refund.supersede(session, order)
        order.closed_at = clock.now()
        dispute.close_with_order(session, order)
        session.flush()


def _released(session: Session, order: Order, left: int) -> list[Part]:
    standing = allocation.standings(session, order)
    room = {line_id: one.released - one.back for line_id, one in standing.items()}
    shares = allocation.spread(min(left, sum(room.values())), room)
    return [allocation.after_release(standing[line_id], gross) for line_id, gross in shares.items()]


def _fee(session: Session, order: Order | None, left: int) -> Fee:
    if order is None or not left:
        return refund.NO_FEE
    whole = refund.fee_left(session, order)
    if left >= whole.total:
        return whole
    vat = money.half_up(left * whole.vat, whole.total) if whole.total else 0
    return Fee(left - vat, vat)


def _resume_refunds(session: Session, row: Chargeback) -> None:
    """What waited for the bank is sent now."""
    for one in refund.waiting(session, row.payment_id):
        if one.state.name == "approved":
            refund.ask_for_submission(session, one, after=f":{row.id}")
