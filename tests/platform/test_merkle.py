"""Inclusion proofs against the definitions of RFC 6962, written out a second time the slow way."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.platform.merkle import EMPTY_ROOT, inclusion_proof, root_hash, verify_inclusion


def entries(count: int) -> list[bytes]:
    return [sha256(str(number).encode()).digest() for number in range(count)]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def rfc_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    cut = _split(len(leaves))
    return sha256(b"\x01" + rfc_root(leaves[:cut]) + rfc_root(leaves[cut:])).digest()


def rfc_path(position: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    cut = _split(len(leaves))
    if position < cut:
        return [*rfc_path(position, leaves[:cut]), rfc_root(leaves[cut:])]
    return [*rfc_path(position - cut, leaves[cut:]), rfc_root(leaves[:cut])]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_hash([]) == EMPTY_ROOT == rfc_root([])


def test_the_root_is_the_rfc_root_for_every_size_up_to_300() -> None:
    for size in range(301):
        assert root_hash(entries(size)) == rfc_root(entries(size))


@given(size=st.integers(1, 300), data=st.data())
def test_the_proof_is_the_rfc_path_and_leads_to_the_root(size: int, data: st.DataObject) -> None:
    leaves = entries(size)
    position = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(leaves, position)
    assert list(path) == rfc_path(position, leaves)
    assert verify_inclusion(leaves[position], position=position, size=size, path=path, root=rfc_root(leaves))


@given(size=st.integers(2, 300), data=st.data())
def test_a_proof_with_anything_changed_is_refused(size: int, data: st.DataObject) -> None:
    leaves = entries(size)
    position = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(leaves, position), root_hash(leaves)
    step = data.draw(st.integers(0, len(path) - 1))
    bent = (*path[:step], sha256(path[step]).digest(), *path[step + 1 :])
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != position))
    assert not verify_inclusion(leaves[position], position=position, size=size, path=bent, root=root)
    assert not verify_inclusion(leaves[position], position=position, size=size, path=path[:-1], root=root)
    assert not verify_inclusion(leaves[position], position=position, size=size, path=(*path, root), root=root)
    assert not verify_inclusion(leaves[other], position=position, size=size, path=path, root=root)
    assert not verify_inclusion(leaves[position], position=size, size=size, path=path, root=root)


def test_a_node_cannot_pass_for_a_leaf() -> None:
    leaves = entries(2)
    inner = sha256(b"\x00" + leaves[0]).digest() + sha256(b"\x00" + leaves[1]).digest()
    assert not verify_inclusion(inner, position=0, size=1, path=(), root=root_hash(leaves))


def test_asking_for_a_leaf_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError, match="no leaf 3 among 3"):
        inclusion_proof(entries(3), 3)
