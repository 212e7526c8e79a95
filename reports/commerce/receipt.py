"""The buyer's receipt: what was paid, for what, and the proof that the release stands in the sealed ledger."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from models.platform.merkle import Side, sides, verify_inclusion
from reports.commerce.facts import Line, Party, ReceiptFacts, Seal
from reports.errors import PaperRefused
from reports.layout.formats import percent
from reports.layout.press import press
from reports.layout.template import fill


@dataclass(frozen=True, slots=True)
class VatRow:
    """VAT of one party at one rate, in minor units."""

    charged_by: str
    vat_number: str
    rate: str
    net: int
    vat: int


def render(facts: ReceiptFacts) -> bytes:
    """Tagged PDF/UA-1; the same facts give the same bytes.

    Raises PaperRefused when the proof does not lead to the block hash (such a receipt would be worthless) or the
    document is too long, PaperUnavailable when this machine lacks Pango.
    """
    return press(html(facts), issued_at=facts.issued_at)


def html(facts: ReceiptFacts) -> str:
    """The page before it is typeset. Raises PaperRefused as `render`."""
    seal = facts.seal
    _require_proof(seal)
    return fill(
        "commerce/receipt.html.j2",
        facts=facts,
        issued=f"{facts.issued_at:%Y-%m-%dT%H:%M:%SZ}",
        vat=[*_vat(facts.seller, facts.lines), *_vat(facts.marketplace, (facts.fee,))],
        steps=_steps(seal),
    )


def _steps(seal: Seal) -> tuple[tuple[Side, bytes], ...]:
    return tuple(zip(sides(seal.position, seal.size), seal.path, strict=True))


def _require_proof(seal: Seal) -> None:
    """The block hash is recomputed as the database does it: previous hash, Merkle root, stamp."""
    block = sha256(seal.previous_block_hash + seal.merkle_root + seal.stamp.encode()).digest()
    included = verify_inclusion(
        seal.entry_hash, position=seal.position, size=seal.size, path=seal.path, root=seal.merkle_root
    )
    if not included or seal.block_hash != block:
        raise PaperRefused("The seal of this entry does not prove it, so no receipt is made.")


def _vat(charged_by: Party, lines: tuple[Line, ...]) -> list[VatRow]:
    """One row per rate: sums of stored lines, never recomputed from a rate."""
    rates = sorted({line.vat_bps for line in lines}, key=lambda bps: -1 if bps is None else bps)
    return [
        VatRow(
            charged_by=charged_by.name,
            vat_number=charged_by.vat_number,
            rate="No VAT charged" if bps is None else percent(bps),
            net=sum(line.net for line in lines if line.vat_bps == bps),
            vat=sum(line.vat for line in lines if line.vat_bps == bps),
        )
        for bps in rates
    ]
