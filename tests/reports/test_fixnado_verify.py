"""The checker that strangers run: one file, nothing but Python, right about signatures, and hard to fool."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clients.storage import Storage
from app.services.commerce.receipt import proof_of
from app.services.platform import seal_head
from app.services.platform.seal import Head
from models.platform.merkle import EMPTY_ROOT, root_hash
from models.types import utc_now
from reports.commerce import fixnado_verify as checker
from tests.factories.paper import receipt_facts, seal

FILE = Path(checker.__file__)
KEY = seal_head.signer("4f" * 32)
PUBLIC = seal_head.public_key(KEY)
STRANGERS_KEY = seal_head.signer("55" * 32)
VECTORS = """
    d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
    -
    e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b
    d25bf5f0595bbe24655141438e7a100b
    3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c
    72
    92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c
    387b2eaeb4302aeeb00d291612bb0c00
    fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025
    af82
    6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659
    4a7c15e9716ed28dc027beceea1ec40a
"""
"""RFC 8032, 7.1, tests 1 to 3: public key, message (none in the first), signature in two lines."""


def vectors() -> list[tuple[bytes, bytes, bytes]]:
    words = [bytes.fromhex(word.strip("-")) for word in VECTORS.split()]
    return [(words[at], words[at + 1], words[at + 2] + words[at + 3]) for at in range(0, len(words), 4)]


@pytest.mark.parametrize(("public", "message", "signature"), vectors())
def test_the_signatures_of_the_rfc_hold(public: bytes, message: bytes, signature: bytes) -> None:
    assert checker.signature_holds(public, message, signature)
    assert not checker.signature_holds(public, message + b"x", signature)


@settings(max_examples=40, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), flip=st.integers(0, 64 * 8))
def test_it_agrees_with_the_library_about_signatures_good_and_spoilt(seed: bytes, message: bytes, flip: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), bytearray(private.sign(message))
    if flip < 64 * 8:
        signature[flip // 8] ^= 1 << flip % 8
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes(signature), message)
        good = True
    except InvalidSignature:
        good = False
    assert checker.signature_holds(public, message, bytes(signature)) is good is (flip == 64 * 8)


def test_a_signature_may_not_be_written_in_a_second_way() -> None:
    public, message, signature = vectors()[2]
    twin = int.from_bytes(signature[32:], "little") + checker.ORDER
    assert not checker.signature_holds(public, message, signature[:32] + twin.to_bytes(32, "little"))
    assert not checker.signature_holds(public, message, signature + b"\0")
    assert not checker.signature_holds(b"\xff" * 32, message, signature), "no point of the curve"


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_its_trees_are_those_that_seal(hashes: list[bytes]) -> None:
    assert checker.merkle_root(hashes) == (root_hash(hashes) if hashes else EMPTY_ROOT)


def test_it_needs_nothing_but_the_standard_library_of_python_3_9() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 9))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= 400


Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Runs a copy of the file somewhere else, without this project and without what is installed."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "fixnado_verify.py").write_bytes(FILE.read_bytes())

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", "-S", "fixnado_verify.py", *arguments]
        done = subprocess.run(command, cwd=alone, capture_output=True, text=True, env={})
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


def proof(size: int = 5, position: int = 3, **more: Any) -> dict[str, Any]:
    made = proof_of(receipt_facts(seal=seal(size, position)))
    del made["entry_id"]
    return {"format": "fixnado-receipt-proof", "version": 1, **made, **more}


def head_of(told: dict[str, Any], storage: Storage, key: Ed25519PrivateKey | None = KEY) -> dict[str, Any]:
    head = Head(told["chain"], told["height"], bytes.fromhex(told["block_hash"]))
    document: dict[str, Any] = json.loads(storage.get(seal_head.publish(storage, head, key, at=utc_now())))
    return document


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage((tmp_path / "storage").as_uri())


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], str]:
    def write(document: Any) -> str:
        text = document if isinstance(document, str) else json.dumps(document)
        path = tmp_path / f"{sha256(text.encode()).hexdigest()[:12]}.json"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_the_proof_of_a_receipt_holds_against_its_signed_head(check: Check, storage: Storage, written: Any) -> None:
    told = proof(head=head_of(proof(), storage), links=[])
    code, words = check("receipt", written(told), "--key", PUBLIC)
    assert code == 0, words
    assert "place 4 of 5 in block 7 of the chain ledger, sealed 2026-07-09 08:30:12 UTC" in words
    assert f"signed with the key {PUBLIC}" in words
    assert words.endswith("It holds.\n")


def test_a_proof_without_a_head_says_what_is_left_to_compare(check: Check, written: Any) -> None:
    code, words = check("receipt", written(proof()))
    assert (code, "compare the hash of the block" in words) == (0, True)


def test_a_head_that_one_kept_is_compared(check: Check, storage: Storage, written: Any) -> None:
    kept = written(head_of(proof(), storage))
    assert check("receipt", written(proof()), "--head", kept)[0] == 0
    assert check("head", kept, "--key", PUBLIC)[0] == 0
    code, words = check("receipt", written(proof(size=6)), "--head", kept)
    assert (code, "Block 7 is not the one of the published head" in words) == (1, True)


def test_a_head_that_the_proof_does_not_reach_is_neither_yes_nor_no(
    check: Check, storage: Storage, written: Any
) -> None:
    later = written(head_of({**proof(), "height": 9}, storage))
    code, words = check("receipt", written(proof()), "--head", later)
    assert (code, "reaches over the blocks 7 to 7 only" in words) == (2, True)


def test_whoever_signs_with_another_key_is_not_us(check: Check, storage: Storage, written: Any) -> None:
    forged = written(head_of(proof(), storage, STRANGERS_KEY))
    assert check("head", forged)[0] == 0, "it is a good signature, of somebody"
    code, words = check("head", forged, "--key", PUBLIC)
    assert (code, "not yours" in words) == (1, True)


def test_a_head_without_a_signature_or_with_a_wrong_one_is_no_signed_head(
    check: Check, storage: Storage, written: Any
) -> None:
    document = head_of(proof(), storage)
    bare = {"head": document["head"]}
    assert "not signed: it is worth what its source is" in check("head", written(bare))[1]
    for spoilt in (
        bare,
        {**document, "signature": "00" * 64},
        {**document, "head": {**document["head"], "height": 8}},
        {"head": document["head"], "public_key": PUBLIC},
    ):
        assert check("head", written(spoilt), "--key", PUBLIC)[0] == 1


def in_process(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["fixnado_verify.py", *arguments])
    return checker.main()


@pytest.mark.parametrize("bit", [0, 5])
def test_one_byte_of_a_proof_flipped_and_it_no_longer_holds(
    bit: int, tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names of the parts included: nothing in the file is decoration. Bit 5 is upper and lower case."""
    document = json.dumps(proof(3, 1, head=head_of(proof(3, 1), storage), links=[]), separators=(",", ":")).encode()
    path = tmp_path / "flipped.json"
    path.write_bytes(document)
    assert in_process(monkeypatch, "receipt", str(path)) == 0
    held = []
    for at in range(len(document)):
        flipped = bytearray(document)
        flipped[at] ^= 1 << bit
        path.write_bytes(flipped)
        if in_process(monkeypatch, "receipt", str(path)) == 0:
            held.append(document[at - 20 : at + 20])
    assert held == []


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 300), data=st.data())
def test_every_place_in_every_block_can_be_proven(size: int, data: st.DataObject) -> None:
    told = proof(size, data.draw(st.integers(0, size - 1)))
    assert list(checker.check_receipt(told, [], ""))
    other = data.draw(st.integers(0, size).filter(lambda place: place != told["position"]))
    with pytest.raises(checker.Wrong):
        list(checker.check_receipt({**told, "position": other}, [], ""))


@pytest.mark.parametrize("change", [{"position": -1}, {"size": 0}, {"path": 5}, {"height": []}, {"chain": "\ud800"}])
def test_nonsense_is_a_finding_and_no_crash(change: dict[str, Any], check: Check, written: Any) -> None:
    assert check("receipt", written({**proof(1, 0), **change}))[0] == 1


def test_what_cannot_be_checked_is_exit_2(check: Check, written: Any, tmp_path: Path) -> None:
    for arguments in (
        ("receipt", str(tmp_path / "nothing.json")),
        ("receipt", str(tmp_path)),
        ("receipt", written("half a {")),
        ("receipt", written({**proof(), "version": 2})),
        ("receipt", written([])),
        ("ledger", written(proof())),
        ("receipt", written(proof()), "--head", str(tmp_path / "nothing.json")),
        ("paper", written(proof())),
    ):
        code, words = check(*arguments)
        assert code == 2, words
        assert words
