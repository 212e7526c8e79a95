"""The sealed ledger as a file that outsiders check without us: reports/commerce/fixnado_verify.py reads it.

JSON Lines: one line about the file, then each block followed by its entries, in the order in which they were sealed.
Exactly what is hashed and nothing else: whole numbers, account codes and kinds, moments in microseconds since 1970.
Who the parties are is not in the ledger, and so it is not here. The same head gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.services.platform import seal
from models.commerce.account import Account
from models.commerce.journal_entry import JournalEntry
from models.commerce.posting import Posting
from models.platform.seal import Seal, SealBlock, SealLeaf

CHAIN = "ledger"
STREAMED = {"yield_per": 1000}
"""Rows that are in memory at once, however long the ledger is."""

_SIDE = sa.func.json_build_array(Posting.line, Account.code, Account.kind, Posting.currency, Posting.amount)
_ACCOUNTED = (
    sa.select(sa.func.json_agg(aggregate_order_by(_SIDE, Posting.line)))
    .join(Account, Account.id == Posting.account_id)
    .where(Posting.entry_id == JournalEntry.id)
    .correlate(JournalEntry)
    .scalar_subquery()
    .label("accounted")
)


def lines(session: Session) -> Iterator[str]:
    """The file, line by line. A row that is gone leaves its seal, and an entry `null`."""
    head = seal.head(session, CHAIN)
    until = head.height if head else 0
    sealed = sa.select(sa.func.count()).where(SealLeaf.chain == CHAIN, SealLeaf.height <= until)
    yield _line(
        format="fixnado-ledger",
        version=1,
        chain=CHAIN,
        height=until,
        block_hash=head.block_hash.hex() if head else "",
        entries=session.scalar(sealed),
    )
    leaves = iter(session.execute(_leaves(until), execution_options=STREAMED))
    leaf = next(leaves, None)
    blocks = sa.select(SealBlock).where(SealBlock.chain == CHAIN, SealBlock.height <= until).order_by(SealBlock.height)
    for block in session.scalars(blocks, execution_options=STREAMED):
        yield _line(block=seal.facts(block))
        while leaf is not None and leaf.height <= block.height:
            entry = facts(leaf.JournalEntry, leaf.accounted) if leaf.JournalEntry else None
            yield _line(id=leaf.row_id, position=leaf.pos, hash=(leaf.hash or b"").hex(), entry=entry)
            leaf = next(leaves, None)


def entry(session: Session, entry_id: int) -> dict[str, Any]:
    """One entry as it is hashed. Raises NoResultFound."""
    found = session.execute(sa.select(JournalEntry, _ACCOUNTED).where(JournalEntry.id == entry_id)).one()
    return facts(found.JournalEntry, found.accounted)


def facts(row: JournalEntry, accounted: list[list[Any]] | None) -> dict[str, Any]:
    """What `entry_hash` in migration 0004 hashes, in its order. A line is its number, account, kind, currency, amount
    in minor units, debit positive."""
    return {
        "id": row.id,
        "event": row.event,
        "key": row.idem_key,
        "request_hash": row.request_hash.hex(),
        "subject": row.subject,
        "occurred_at": seal.micros(row.occurred_at),
        "posted_at": seal.micros(row.posted_at),
        "transition": row.transition_id,
        "reverses": row.reverses_id,
        "lines": accounted,
    }


def _leaves(until: int) -> sa.Select[Any]:
    return (
        sa.select(SealLeaf.height, SealLeaf.pos, SealLeaf.row_id, Seal.hash, JournalEntry, _ACCOUNTED)
        .outerjoin(Seal, sa.and_(Seal.chain == SealLeaf.chain, Seal.row_id == SealLeaf.row_id))
        .outerjoin(JournalEntry, JournalEntry.id == SealLeaf.row_id)
        .where(SealLeaf.chain == CHAIN, SealLeaf.height <= until)
        .order_by(SealLeaf.height, SealLeaf.pos)
    )


def _line(**said: Any) -> str:
    return json.dumps(said, ensure_ascii=False) + "\n"
