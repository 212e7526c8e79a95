"""A seller that has said and shown everything, and staff who found it right."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from app.clients.storage import StoredContent
from app.services.people import trader, trader_check, trader_document, trader_facts, vat_status
from app.services.people.trader_document import Policy
from app.services.platform import stored_file
from models.actor import Actor
from models.people.seller import Seller
from models.people.trader_check import CheckItem
from models.people.trader_document import DocumentKind, DocumentState, TraderDocument
from models.platform.stored_file import StoredFile

VAT_NUMBER = "GB999912005"
LONG = 3650
"""Days a policy of a test lasts, so that only tests about its end meet it."""


def paper(session: Session) -> StoredFile:
    """A stored file whose bytes are of no interest."""
    name = uuid4().bytes * 2
    content = StoredContent(f"sha256/{name.hex()[:2]}/{name.hex()}", name, 12_345)
    return stored_file.record(session, content, media_type="application/pdf", purpose="trader", original_name="paper")


def introduced(
    session: Session, row: Seller, *, actor: Actor, name: str, email: str, vat_registered: bool, days: int = LONG
) -> Seller:
    """Everything the checklist asks for."""
    number = VAT_NUMBER if vat_registered else ""
    vat_status.declare(session, row, actor=actor, registered=vat_registered, number=number)
    trader.say_who(session, row, actor=actor, responsible_name="Elin Vaughan")
    trader.say_company(
        session, row, actor=actor, legal_form="limited_company", legal_name=f"{name} Ltd", company_number="09990120"
    )
    trader.say_address(
        session, row, actor=actor, street="Unit 6, Albert Road", street_more="", town="Bristol", postcode="BS2 0XW",
        country="GB",
    )  # fmt: skip
    trader.say_contact(session, row, actor=actor, phone="0117 496 0120", email=email)
    trader.certify(session, row, actor=actor, lawful_only=True)
    trader_document.add_identity(session, row, paper(session), actor=actor, paper="passport")
    policy(session, row, actor=actor, days=days)
    return row


def policy(
    session: Session,
    row: Seller,
    *,
    actor: Actor,
    days: int = LONG,
    begins: int = 0,
    kind: DocumentKind = DocumentKind.public_liability,
) -> TraderDocument:
    """A policy from `begins` days from now, whose last day is `days` from now."""
    today = vat_status.today()
    said = Policy(
        "Brunel Mutual", "BM-4471", 2_000_000_00, today + timedelta(days=begins), today + timedelta(days=days)
    )
    return trader_document.add_policy(session, row, paper(session), actor=actor, kind=kind, policy=said)


def checked(session: Session, row: Seller, *, actor: Actor) -> Seller:
    """Staff went through all of it."""
    for document in trader_document.of(session, row):
        if document.state is DocumentState.waiting:
            trader_document.check(session, document, actor=actor)
    for item in CheckItem:
        trader_check.mark(session, row, actor=actor, item=item, seen=trader_facts.digest(session, row, item))
    return row
