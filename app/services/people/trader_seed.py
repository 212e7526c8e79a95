"""The demonstration's sellers say who they are, and staff check it, by the product's own verbs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.clients.storage import StoredContent
from app.services.people import trader, trader_check, trader_document, trader_facts, vat_status
from app.services.people.trader_document import Policy
from app.services.platform import stored_file
from models.actor import Actor
from models.people.seller import Seller
from models.people.trader_check import CheckItem
from models.people.trader_document import DocumentKind, DocumentState
from models.platform.stored_file import StoredFile

PAPER = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 58>>stream
BT /F 18 Tf 40 200 Td (A document of the demonstration) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
"""


def introduce(session: Session, row: Seller, one: dict[str, Any], paper: StoredContent, *, actor: Actor) -> None:
    """Everything the checklist asks for: `one` is a provider of migrations/seeds/people.yaml, `paper` PAPER, stored."""
    street, town, postcode = one["address"].split("\n")
    vat_status.declare(session, row, actor=actor, registered=one["vat_registered"], number=one["vat_number"])
    trader.say_who(session, row, actor=actor, responsible_name=one["name"])
    trader.say_company(
        session,
        row,
        actor=actor,
        legal_form=one["legal_form"],
        legal_name=one["legal_name"],
        company_number=one["company_number"],
    )
    trader.say_address(
        session, row, actor=actor, street=street, street_more="", town=town, postcode=postcode, country=trader.HOME
    )
    trader.say_contact(session, row, actor=actor, phone=one["phone"], email=one["email"])
    trader.certify(session, row, actor=actor, lawful_only=True)
    file = stored_file.record(session, paper, media_type="application/pdf", purpose="trader", original_name="sample")
    _documents(session, row, file, actor)


def _documents(session: Session, row: Seller, file: StoredFile, actor: Actor) -> None:
    today = vat_status.today()
    policy = Policy("Brunel Mutual", "BM-4471-20", 5_000_000_00, today, today + timedelta(days=364))
    trader_document.add_identity(session, row, file, actor=actor, paper="passport")
    for kind in (DocumentKind.public_liability, DocumentKind.professional_indemnity):
        trader_document.add_policy(session, row, file, actor=actor, kind=kind, policy=policy)


def check(session: Session, row: Seller, *, actor: Actor) -> None:
    """Every fact and every document is found right."""
    for document in trader_document.of(session, row):
        if document.state is DocumentState.waiting:
            trader_document.check(session, document, actor=actor)
    for item in CheckItem:
        trader_check.mark(session, row, actor=actor, item=item, seen=trader_facts.digest(session, row, item))
