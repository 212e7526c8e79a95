"""The facts of one order, with the figures of the worked example: net 240.00, VAT 48.00, order fee 5.00."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from models.platform.merkle import inclusion_proof, root_hash
from reports.commerce.facts import (
    Consent,
    ContractFacts,
    Ladder,
    Line,
    Listing,
    Party,
    Payment,
    ReceiptFacts,
    Release,
    Rung,
    Seal,
    Text,
    Visit,
)

ORDERED = datetime(2026, 7, 1, 8, 30, 12, tzinfo=UTC)

BUYER = Party(
    name="Amira Hassan", address=("14 Rowan Close", "Leeds", "LS6 2AB"), email="amira@example.org", trader=False
)
SELLER = Party(
    name="Brightwire Electrical",
    legal_name="Brightwire Electrical Ltd",
    address=("Unit 3, Canal Yard", "Leeds", "LS10 1AA"),
    email="office@brightwire.example",
    phone="0113 496 0000",
    company_number="09999999",
    vat_number="GB 999 9999 73",
    trader=True,
)
MARKETPLACE = Party(name="Fixnado", address=(), email="help@fixnado.example", trader=True)
WORK = Line(description="Consumer unit replacement", quantity=1, unit="job", net=24000, vat=4800, vat_bps=2000)
FEE = Line(description="Order fee", quantity=1, unit="order", net=417, vat=83, vat_bps=2000)
LISTING = Listing(
    title="Consumer unit replacement",
    description="Old unit taken out, new RCBO unit fitted and tested.\n\nCertificate included.",
    reference="SL-1042, version 3",
    area="Leeds and 15 miles around",
    facets=(("Trade", "Electrical"), ("Certificate", "Part P")),
)
VISIT = Visit(
    starts_at=ORDERED + timedelta(days=6, hours=-0.5),
    ends_at=ORDERED + timedelta(days=6, hours=3),
    zone="Europe/London",
    address=("14 Rowan Close", "Leeds", "LS6 2AB"),
    access_notes="Key safe left of the door.\nThe dog is friendly.",
)
LADDER = Ladder(
    name="Standard",
    summary="Everything back until 48 hours before the visit, half until 24 hours before it, nothing after that.",
    rungs=tuple(
        Rung(until=VISIT.starts_at - timedelta(hours=hours), back=back)
        for hours, back in ((48, 28800), (24, 14400), (0, 0))
    ),
)


def text(text_id: str = "order-terms", title: str = "Order terms in short", body: str = "## One\n\nText.") -> Text:
    return Text(
        id=text_id,
        version="1.0.0",
        effective_on=date(2026, 1, 1),
        title=title,
        body=body,
        sha256=sha256(body.encode()).digest(),
    )


def deal(**changes: Any) -> dict[str, Any]:
    return {
        "order_reference": "FX-2026-000123",
        "document_number": "C-2026-000123",
        "issued_at": ORDERED + timedelta(hours=2),
        "zone": "Europe/London",
        "currency": "GBP",
        "marketplace": MARKETPLACE,
        "buyer": BUYER,
        "seller": SELLER,
        "lines": (WORK,),
        "fee": FEE,
        **changes,
    }


def contract_facts(**changes: Any) -> ContractFacts:
    terms = (text(), text("protected-payment-hold", "How the protected payment hold works"))
    given: dict[str, Any] = {
        "ordered_at": ORDERED,
        "accepted_at": ORDERED + timedelta(hours=2),
        "listing": LISTING,
        "visit": VISIT,
        "ladder": LADDER,
        "consents": tuple(Consent(text=term, how="Ticked at checkout", at=ORDERED) for term in terms),
        "terms": terms,
        "cancellation": text("cancellation-information", "Your right to cancel"),
        "cancellation_form": text("model-cancellation-form", "Model cancellation form"),
        "cancel_before": ORDERED + timedelta(days=14),
    }
    return ContractFacts(**deal(**{**given, **changes}))


def seal(size: int = 5, position: int = 3, **changes: Any) -> Seal:
    """A seal that proves its entry, unless a change breaks it."""
    entries = [sha256(str(number).encode()).digest() for number in range(size)]
    given: dict[str, Any] = {
        "chain": "ledger",
        "height": 7,
        "position": position,
        "size": size,
        "entry_hash": entries[position],
        "path": inclusion_proof(entries, position),
        "merkle_root": root_hash(entries),
        "previous_block_hash": sha256(b"block 6").digest(),
        "block_hash": b"",
        "sealed_at": ORDERED + timedelta(days=8, microseconds=123456),
    }
    open_seal = Seal(**given)
    block = sha256(open_seal.previous_block_hash + open_seal.merkle_root + open_seal.stamp.encode()).digest()
    return Seal(**{**given, "block_hash": block, **changes})


def receipt_facts(**changes: Any) -> ReceiptFacts:
    done = ORDERED + timedelta(days=8)
    given: dict[str, Any] = {
        "document_number": "R-2026-000123",
        "issued_at": done + timedelta(minutes=1),
        "payments": (Payment(method="Card", reference="pi_000123", at=ORDERED + timedelta(minutes=4), amount=29300),),
        "release": Release(entry_id=4711, at=done, amount=28800),
        "seal": seal(),
        "proof_url": "https://fixnado.example/proof/",
    }
    return ReceiptFacts(**deal(**{**given, **changes}))
