"""The sealing mechanism's tables: which rows are sealed, which wait, and the Merkle chain they end up in.

The database fills them (triggers, and `seal_close_block` for the sealer); the application may only read.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Digest, Instant

Chain = sa.String(20)


class SealChain(Base):
    """The chains there are; a view `sealed_<chain>` recomputes the hash of each of its rows."""

    __tablename__ = "seal_chain"

    chain: Mapped[str] = mapped_column(Chain, primary_key=True)


class Seal(Base):
    """SHA-256 of a row's content, written in the transaction that wrote the row."""

    __tablename__ = "seal"

    chain: Mapped[str] = mapped_column(Chain, primary_key=True)
    row_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[Digest]


class Unsealed(Base):
    """The sealer's queue: sealed rows that have no place in the chain yet, since `at` (UTC)."""

    __tablename__ = "unsealed"

    chain: Mapped[str] = mapped_column(Chain, primary_key=True)
    row_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[Created]


class SealBlock(Base):
    """`size` rows under one Merkle root (RFC 6962), linked to the block before it. Heights count from 1."""

    __tablename__ = "seal_block"
    __table_args__ = (sa.UniqueConstraint("block_hash"),)

    chain: Mapped[str] = mapped_column(Chain, sa.ForeignKey("seal_chain.chain"), primary_key=True)
    height: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(sa.Integer)
    merkle_root: Mapped[Digest]
    prev_hash: Mapped[Digest]
    block_hash: Mapped[Digest]
    sealed_at: Mapped[Instant]


class SealLeaf(Base):
    """Where a row stands: position `pos` (from 0) of the block at `height`."""

    __tablename__ = "seal_leaf"
    __table_args__ = (
        sa.UniqueConstraint("chain", "row_id"),
        sa.ForeignKeyConstraint(["chain", "height"], ["seal_block.chain", "seal_block.height"]),
        sa.ForeignKeyConstraint(["chain", "row_id"], ["seal.chain", "seal.row_id"]),
    )

    chain: Mapped[str] = mapped_column(Chain, primary_key=True)
    height: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    pos: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    row_id: Mapped[int] = mapped_column(sa.BigInteger)
