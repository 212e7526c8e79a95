"""What is missing before a seller can be checked: one list behind the checklist, the guard and the listing pages."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import trader
from app.services.people.vat_status import today
from app.services.platform import machine
from models.people.seller import Seller
from models.people.trader_document import DocumentKind, DocumentState, TraderDocument
from models.people.vat_status import VatStatus

SECTIONS = ("identity", "company", "vat", "address", "contact", "lawful", "insurance")
_GOOD = (DocumentState.waiting, DocumentState.checked)


def missing(session: Session, row: Seller) -> dict[str, list[str]]:
    """Section to what it lacks, in the order of the checklist; every section is there, complete ones are empty."""
    said, party = trader.of(session, row), trader.organisation(session, row)
    registered = said.legal_form is not None and said.legal_form.registered
    facts = {
        "identity": (
            (said.responsible_name, "the name of the person responsible"),
            (_handed_in(session, row, DocumentKind.identity), "a document that shows who they are"),
        ),
        "company": (
            (said.legal_form, "the legal form"),
            (party.legal_name, "the registered name"),
            (party.company_number or not registered, "the company or trade register number"),
        ),
        "vat": ((_vat_said(session, row), "whether you are registered for VAT"),),
        "address": ((party.address and said.street, "the postal address"),),
        "contact": ((party.phone, "a telephone number"), (party.email, "an e-mail address")),
        "lawful": ((said.certified_at, "your certificate that you offer only what the law allows"),),
        "insurance": ((_handed_in(session, row, DocumentKind.public_liability), "a public liability policy in force"),),
    }
    return {section: [words for there, words in facts[section] if not there] for section in SECTIONS}


def sentence(session: Session, row: Seller) -> str | None:
    """Everything that is missing as one sentence, None when nothing is."""
    words = [one for section in missing(session, row).values() for one in section]
    return f"Still missing: {', '.join(words)}." if words else None


@machine.guard("seller", "submit_kyc")
def _details_are_complete(session: Session, row: Seller, _arguments: dict[str, Any]) -> str | None:
    return sentence(session, row)


def _vat_said(session: Session, row: Seller) -> bool:
    return session.scalar(sa.select(VatStatus.id).where(VatStatus.seller_id == row.id).limit(1)) is not None


def _handed_in(session: Session, row: Seller, kind: DocumentKind) -> bool:
    mine = sa.select(TraderDocument.id).where(
        TraderDocument.seller_id == row.id,
        TraderDocument.kind == kind,
        TraderDocument.state.in_(_GOOD),
        sa.or_(TraderDocument.valid_until.is_(None), TraderDocument.valid_until >= today()),
        sa.or_(TraderDocument.valid_from.is_(None), TraderDocument.valid_from <= today()),
    )
    return session.scalar(mine.limit(1)) is not None
