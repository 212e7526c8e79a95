"""Merkle trees as in RFC 6962, section 2.1: what the database seals with, and what a receipt lets anyone check.

Pure functions over bytes. Sealing itself happens in the database; this module builds and checks inclusion proofs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Literal

Side = Literal["left", "right"]
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf; the prefix keeps a leaf from passing for a node."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def _levels(entries: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The tree from its leaves to its root; an odd last node rises unpaired, which is the RFC's tree."""
    level = [leaf_hash(entry) for entry in entries]
    yield level
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
        yield level


def root_hash(entries: Sequence[bytes]) -> bytes:
    """The root over the entries in their order; SHA-256 of nothing when there are none."""
    if not entries:
        return EMPTY_ROOT
    *_, top = _levels(entries)
    return top[0]


def inclusion_proof(entries: Sequence[bytes], position: int) -> tuple[bytes, ...]:
    """The sibling hashes from the leaf at `position` (from 0) up to the root.

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= position < len(entries):
        raise IndexError(f"no leaf {position} among {len(entries)}")
    path = []
    for level in _levels(entries):
        sibling = position ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        position //= 2
    return tuple(path)


def sides(position: int, size: int) -> tuple[Side, ...]:
    """On which side of the running hash each hash of the proof belongs, from the leaf up (RFC 9162, 2.1.3.2).

    Raises IndexError when there is no such leaf.
    """
    if not 0 <= position < size:
        raise IndexError(f"no leaf {position} among {size}")
    found: list[Side] = []
    last = size - 1
    while last:
        if position % 2:
            found.append("left")
        elif position < last:
            found.append("right")
        position //= 2
        last //= 2
    return tuple(found)


def verify_inclusion(entry: bytes, *, position: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `entry` is the leaf at `position` of the tree with `size` leaves and this root."""
    if not 0 <= position < size or len(path) != len(sides(position, size)):
        return False
    reached = leaf_hash(entry)
    for side, sibling in zip(sides(position, size), path, strict=True):
        reached = node_hash(sibling, reached) if side == "left" else node_hash(reached, sibling)
    return reached == root
