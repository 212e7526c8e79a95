"""The facts of a receipt, once the release stands in a sealed block of the ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.storage import Storage
from app.services.commerce import deal, ledger_export
from app.services.platform import seal, seal_head
from models.commerce.document import Document, DocumentKind
from models.commerce.escrow import Escrow
from models.commerce.journal_entry import JournalEntry
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.refund import Refund, RefundState
from models.errors import Conflict, NotFound
from models.platform.seal import SealBlock
from reports.commerce.facts import Party, ReceiptFacts, Release, Seal
from reports.commerce.facts import Payment as PaidLine

CARD, BANK = "Card", "Bank transfer"
RELEASED = "escrow.released"


def receipt_facts(session: Session, order_id: UUID, *, marketplace: Party, proof_url: str) -> ReceiptFacts | None:
    """None while the release waits for its seal. Raises Conflict for an order whose hold was not released."""
    order = session.get_one(Order, order_id)
    entry = session.scalars(
        sa.select(JournalEntry)
        .where(JournalEntry.subject == f"order:{order.id}", JournalEntry.event == RELEASED)
        .order_by(JournalEntry.id.desc())
    ).first()
    if entry is None:
        raise Conflict("Nothing was released for this order yet.")
    proof = seal.inclusion_proof(session, "ledger", entry.id)
    if proof is None:
        return None
    amount = session.scalars(sa.select(Escrow.released_minor).where(Escrow.order_id == order.id)).one()
    common = deal.common(session, order, DocumentKind.receipt, marketplace=marketplace, issued_at=proof.sealed_at)
    return ReceiptFacts(
        **common,
        payments=tuple(_payments(session, order)),
        release=Release(entry_id=entry.id, at=entry.occurred_at, amount=amount),
        seal=Seal(
            chain=proof.chain,
            height=proof.height,
            position=proof.position,
            size=proof.size,
            entry_hash=proof.entry_hash,
            path=proof.path,
            merkle_root=proof.merkle_root,
            previous_block_hash=proof.prev_hash,
            block_hash=proof.block_hash,
            sealed_at=proof.sealed_at,
        ),
        proof_url=proof_url,
    )


def proof_of(facts: ReceiptFacts) -> dict[str, Any]:
    """The printed proof as JSON, for whoever checks it by machine; hashes in hex."""
    seal_ = facts.seal
    return {
        "chain": seal_.chain,
        "entry_id": facts.release.entry_id,
        "entry_hash": seal_.entry_hash.hex(),
        "height": seal_.height,
        "position": seal_.position,
        "size": seal_.size,
        "path": [one.hex() for one in seal_.path],
        "merkle_root": seal_.merkle_root.hex(),
        "previous_block_hash": seal_.previous_block_hash.hex(),
        "block_hash": seal_.block_hash.hex(),
        "stamp": seal_.stamp,
    }


def proof_file(session: Session, storage: Storage, order: Order, *, with_entry: bool) -> dict[str, Any]:
    """The receipt's proof as reports/commerce/fixnado_verify.py checks it, up to the first head that vouches for it.

    `with_entry` adds what the entry says. That tells the commission, which is the seller's business and not the
    buyer's. Raises NotFound without a receipt, and what reading storage raises.
    """
    query = sa.select(Document).where(Document.order_id == order.id, Document.kind == DocumentKind.receipt)
    document = session.scalars(query).first()
    if document is None or document.proof is None:
        raise NotFound
    proof = {"format": "fixnado-receipt-proof", "version": 1, **document.proof}
    entry_id, chain, height = proof.pop("entry_id"), proof["chain"], proof["height"]
    if with_entry:
        proof["entry"] = ledger_export.entry(session, entry_id)
    block = session.get_one(SealBlock, (chain, height))
    vouching = seal_head.vouching_for(storage, chain, height, sealed_at=block.sealed_at)
    if vouching:
        proof["links"] = seal.links(session, chain, after=height, until=vouching.head.height)
        proof["head"] = vouching.document
    return proof


def _payments(session: Session, order: Order) -> list[PaidLine]:
    paid = session.scalars(sa.select(Payment).where(Payment.checkout_id == order.checkout_id)).one()
    lines = []
    if paid.captured_at:
        lines.append(
            PaidLine(method=CARD, reference=paid.intent_id or "", at=paid.captured_at, amount=paid.captured_minor)
        )
    none = (RefundState.requested, RefundState.rejected, RefundState.cancelled)  # the others have left the books
    back = sa.select(Refund).where(Refund.order_id == order.id, Refund.state.not_in(none))
    lines += [
        PaidLine(
            method=BANK if one.transfer_reference else CARD,
            reference=one.transfer_reference or one.provider_refund_id or "",
            at=one.state_entered_at,
            amount=-one.amount_minor,
        )
        for one in session.scalars(back.order_by(Refund.created_at))
    ]
    return lines
