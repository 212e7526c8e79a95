"""What a check is about: the facts of an item as staff read them, and their digest."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy.orm import Session

from app.services.people import trader, vat_status
from models.people.seller import Seller
from models.people.trader_check import CheckItem


def facts(session: Session, row: Seller, item: CheckItem) -> dict[str, str]:
    """What the mark is about, as label and value."""
    said, party = trader.of(session, row), trader.organisation(session, row)
    if item is CheckItem.identity:
        return {"Person responsible": said.responsible_name}
    if item is CheckItem.company:
        form = said.legal_form.value if said.legal_form else ""
        return {
            "Legal form": form,
            "Registered name": party.legal_name,
            "Register": said.register,
            "Number": party.company_number,
        }
    if item is CheckItem.address:
        return {"Address": party.address}
    now, later = vat_status.in_force(session, row, vat_status.today()), vat_status.coming(session, row)
    last = later or now
    return {"VAT number": last.number or "Not registered" if last else ""}


def digest(session: Session, row: Seller, item: CheckItem) -> bytes:
    """SHA-256 of the facts of an item."""
    return hashlib.sha256(json.dumps(facts(session, row, item), sort_keys=True).encode()).digest()
