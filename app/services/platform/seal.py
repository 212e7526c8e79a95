"""Seals: closing blocks, checking chains, and the proof that one row stands in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.platform.merkle import inclusion_proof as audit_path
from models.platform.seal import Seal, SealBlock, SealChain, SealLeaf, Unsealed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain as it is published elsewhere."""

    chain: str
    height: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What a verification found: `row_id` is None where a whole block is wrong, `height` where there is no block."""

    chain: str
    height: int | None
    row_id: int | None
    problem: str

    def __str__(self) -> str:
        where = [f"block {self.height}"] if self.height is not None else []
        where += [f"row {self.row_id}"] if self.row_id is not None else []
        return ": ".join([self.chain, *([", ".join(where)] if where else []), self.problem])


@dataclass(frozen=True, slots=True)
class Proof:
    """All that shows to anyone that a row stands in a block: `merkle.verify_inclusion` and `block_hash` check it.

    `position` counts from 0 among `size` leaves; `path` runs from the leaf up.
    """

    chain: str
    row_id: int
    entry_hash: bytes
    height: int
    position: int
    size: int
    path: tuple[bytes, ...]
    merkle_root: bytes
    prev_hash: bytes
    block_hash: bytes
    sealed_at: datetime


def block_hash(block: SealBlock | Proof) -> bytes:
    """What the block's hash must be: SHA-256(previous hash, root, `chain|height|size|microseconds since 1970`)."""
    header = f"{block.chain}|{block.height}|{block.size}|{micros(block.sealed_at)}"
    return sha256(block.prev_hash + block.merkle_root + header.encode()).digest()


def micros(moment: datetime) -> int:
    """Microseconds since 1970: how moments are hashed."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def facts(block: SealBlock) -> dict[str, str | int]:
    """A block as outsiders get it: hashes in hex, `sealed_at` in microseconds since 1970."""
    return {
        "height": block.height,
        "size": block.size,
        "merkle_root": block.merkle_root.hex(),
        "previous_block_hash": block.prev_hash.hex(),
        "block_hash": block.block_hash.hex(),
        "sealed_at": micros(block.sealed_at),
    }


def links(session: Session, chain: str, *, after: int, until: int) -> list[dict[str, str | int]]:
    """The blocks above `after` up to `until`, lowest first: with them a head vouches for what lies under it."""
    between = sa.select(SealBlock).where(SealBlock.chain == chain, SealBlock.height > after, SealBlock.height <= until)
    return [facts(block) for block in session.scalars(between.order_by(SealBlock.height))]


def chains(session: Session) -> list[str]:
    """The names of the chains."""
    return list(session.scalars(sa.select(SealChain.chain).order_by(SealChain.chain)))


def close_block(session: Session, chain: str) -> int | None:
    """Gives waiting rows their place, at most 4096 of them; the new block's height, or None when nothing waits.

    Only one transaction at a time adds to a chain: commit soon.
    """
    height: int | None = session.scalar(sa.select(sa.func.seal_close_block(chain)))
    return height


def oldest_unsealed(session: Session) -> float:
    """Age in seconds of the row that waits longest for its place, 0.0 when none does."""
    age = sa.func.extract("epoch", sa.func.clock_timestamp() - sa.func.min(Unsealed.at))
    return float(session.scalar(sa.select(age)) or 0)


def head(session: Session, chain: str) -> Head | None:
    """The newest block of a chain, None before the first."""
    block = session.scalars(
        sa.select(SealBlock).where(SealBlock.chain == chain).order_by(SealBlock.height.desc()).limit(1)
    ).first()
    return Head(chain, block.height, block.block_hash) if block else None


def verify(session: Session, chain: str, *, known: Head | None = None) -> list[Fault]:
    """Checks every row and block of a chain, and that a head published elsewhere is still part of it.

    Only a known head shows that a tail was cut off or the whole chain rewritten.
    """
    call = sa.func.seal_verify(chain, known.height if known else None, known.block_hash if known else None)
    found = call.table_valued(
        sa.column("height", sa.BigInteger), sa.column("row_id", sa.BigInteger), sa.column("problem", sa.Text)
    )
    return [Fault(chain, *row) for row in session.execute(sa.select(found))]


def lost_heads(session: Session, heads: Sequence[Head]) -> list[Fault]:
    """The published heads that are no longer part of their chain: its tail was cut off, or it was rewritten."""
    faults = []
    for known in heads:
        block = session.get(SealBlock, (known.chain, known.height))
        if block is None:
            faults.append(Fault(known.chain, known.height, None, "block of a published head is missing"))
        elif block.block_hash != known.block_hash:
            faults.append(Fault(known.chain, known.height, None, "block differs from the published head"))
    return faults


def inclusion_proof(session: Session, chain: str, row_id: int) -> Proof | None:
    """The proof for one row, None while it waits for its seal."""
    leaf = session.scalars(sa.select(SealLeaf).where(SealLeaf.chain == chain, SealLeaf.row_id == row_id)).first()
    if leaf is None:
        return None
    block = session.get_one(SealBlock, (chain, leaf.height))
    hashes = session.scalars(
        sa.select(Seal.hash)
        .join(SealLeaf, (SealLeaf.chain == Seal.chain) & (SealLeaf.row_id == Seal.row_id))
        .where(SealLeaf.chain == chain, SealLeaf.height == leaf.height)
        .order_by(SealLeaf.pos)
    ).all()
    return Proof(
        chain=chain,
        row_id=row_id,
        entry_hash=hashes[leaf.pos],
        height=block.height,
        position=leaf.pos,
        size=block.size,
        path=audit_path(hashes, leaf.pos),
        merkle_root=block.merkle_root,
        prev_hash=block.prev_hash,
        block_hash=block.block_hash,
        sealed_at=block.sealed_at,
    )
