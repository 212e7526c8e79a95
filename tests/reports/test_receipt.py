"""The receipt: what was paid, and a proof that a reader can follow with nothing but the paper."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.commerce import receipt
from reports.commerce.facts import Payment, Release
from reports.errors import PaperRefused
from tests.factories.paper import ORDERED, WORK, receipt_facts, seal
from tests.reports.conftest import fonts, plain


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return receipt.render(receipt_facts())


def test_payment_release_and_vat_are_on_the_paper_and_the_commission_is_not(pdf: bytes) -> None:
    words = plain(pdf)
    for fact in (
        "R-2026-000123",
        "pi_000123",
        "£293.00",
        "£288.00 to Brightwire Electrical",
        "4711",
        "£48.83",
        "£4.17",
    ):
        assert fact in words, fact
    assert "commission" not in words.lower()
    assert "escrow" not in words.lower()
    assert fonts(pdf) == {("Paper", True), ("Paper-Semi-Bold", True)}


def test_the_same_facts_give_the_same_bytes(pdf: bytes) -> None:
    assert receipt.render(receipt_facts()) == pdf


def follow(words: str) -> tuple[bytes, bytes]:
    """Does by hand what the paper tells a reader to do; returns the root and the block hash it arrives at."""

    def value(label: str) -> bytes:
        found = re.search(label + r" ([0-9a-f]{64})", words)
        return bytes.fromhex(found[1]) if found else b""

    result = sha256(b"\x00" + value("Entry hash")).digest()
    for side, sibling in re.findall(r" \d+ (left|right) ([0-9a-f]{64})", words):
        other = bytes.fromhex(sibling)
        result = sha256(b"\x01" + (other + result if side == "left" else result + other)).digest()
    stamp = re.search(r"the text (\S+) \(chain", words)
    assert stamp is not None
    return result, sha256(value("Previous block") + value("Merkle root") + stamp[1].encode()).digest()


def test_a_reader_can_follow_the_printed_instructions_to_the_block_hash(pdf: bytes) -> None:
    root, block = follow(plain(pdf))
    assert (root, block) == (seal().merkle_root, seal().block_hash)


@settings(max_examples=30, deadline=None)
@given(size=st.integers(1, 300), data=st.data())
def test_the_instructions_hold_for_every_place_in_every_block(size: int, data: st.DataObject) -> None:
    one = seal(size, data.draw(st.integers(0, size - 1)))
    page = re.sub(r"<[^>]+>|\s+", " ", receipt.html(receipt_facts(seal=one)))
    assert follow(" ".join(page.split())) == (one.merkle_root, one.block_hash)


def test_the_first_block_of_a_chain_has_no_previous_hash() -> None:
    first = replace(seal(1, 0), height=1, previous_block_hash=b"", block_hash=b"")
    block = sha256(first.merkle_root + first.stamp.encode()).digest()
    page = receipt.html(receipt_facts(seal=replace(first, block_hash=block)))
    assert "this is the first block" in page
    assert "the audit path is empty" in page


@pytest.mark.parametrize(
    "broken",
    [
        {"entry_hash": sha256(b"another entry").digest()},
        {"position": 2},
        {"path": ()},
        {"merkle_root": sha256(b"another root").digest()},
        {"block_hash": sha256(b"another block").digest()},
        {"height": 8},
        {"chain": "audit"},
        {"sealed_at": ORDERED + timedelta(days=8, microseconds=123457)},
    ],
)
def test_no_receipt_is_made_with_a_proof_that_does_not_hold(broken: dict[str, Any]) -> None:
    with pytest.raises(PaperRefused, match="does not prove it"):
        receipt.render(receipt_facts(seal=replace(seal(), **broken)))


def test_a_partial_refund_shows_as_what_it_is() -> None:
    paid = receipt_facts().payments[0]
    back = Payment(method="Card", reference="re_1", at=ORDERED + timedelta(days=2), amount=-7200)
    page = receipt.html(
        receipt_facts(payments=(paid, back), release=Release(entry_id=9, at=ORDERED + timedelta(days=8), amount=21600))
    )
    assert "\N{MINUS SIGN}£72.00" in page
    assert "£221.00" in page
    assert "before the refunds" in page


def test_vat_is_summed_per_party_and_rate_and_never_recomputed() -> None:
    lines = (
        WORK,
        replace(WORK, description="Insulation", net=10001, vat=500, vat_bps=500),
        replace(WORK, description="More insulation", net=3, vat=0, vat_bps=500),
        replace(WORK, description="No VAT", net=700, vat=0, vat_bps=None, vat_note="The provider is not registered."),
    )
    page = " ".join(re.sub(r"<[^>]+>", " ", receipt.html(receipt_facts(lines=lines, payments=()))).split())
    assert "No VAT charged £7.00 £0.00 £7.00" in page
    assert "5 % £100.04 £5.00 £105.04" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "The provider is not registered." in page


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payments": (Payment(method="Card", reference="x", at=ORDERED, amount=29301),)}, "More was paid"),
        ({"release": Release(entry_id=1, at=ORDERED, amount=28801)}, "More was released"),
    ],
)
def test_facts_that_contradict_themselves_make_no_receipt(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(PaperRefused, match=reason):
        receipt_facts(**change)
