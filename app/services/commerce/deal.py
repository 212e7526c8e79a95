"""An order as plain data for its papers: rows in, the facts of reports/commerce/facts.py out. Reads only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.clients import legal_content
from app.services.commerce import document
from models.commerce.document import DocumentKind
from models.commerce.order import Order
from models.commerce.order_line import OrderLine
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation
from reports.commerce.facts import Line, Party, Text

NOT_COLLECTING = "The provider is not registered for VAT."


def common(
    session: Session, order: Order, kind: DocumentKind, *, marketplace: Party, issued_at: datetime
) -> dict[str, Any]:
    """What contract and receipt share."""
    return {
        "order_reference": order.reference,
        "document_number": document.number(order, kind),
        "issued_at": issued_at,
        "zone": order.visit_zone,
        "currency": order.currency,
        "marketplace": marketplace,
        "buyer": party(session, order.buyer_organisation),
        "seller": party(session, order.seller_organisation),
        "lines": tuple(_line(line) for line in order.lines),
        "fee": Line(
            description="Order fee",
            quantity=1,
            unit="order",
            net=order.fee_net_minor,
            vat=order.fee_vat_minor,
            vat_bps=order.lines[0].commission_vat_bps,
        ),
    }


def party(session: Session, organisation: Organisation) -> Party:
    """Who is bound; a personal organisation is its person, and no trader."""
    return Party(
        name=organisation.name,
        address=tuple(organisation.address.splitlines()),
        email=organisation.email or _owner_mail(session, organisation),
        trader=not organisation.personal,
        legal_name=organisation.legal_name,
        phone=organisation.phone,
        company_number=organisation.company_number,
        vat_number=organisation.vat_number,
    )


def text(reference: str) -> Text:
    """The text behind `<id>@<version>`, in full. Raises LegalTextMissing."""
    text_id, _, version = reference.partition("@")
    return _text(legal_content.text_version(text_id, version))


def text_on(text_id: str, on: date) -> Text:
    """The version of a text that was in force on a business day. Raises LegalTextMissing."""
    return _text(legal_content.current_text(text_id, on=on))


def day(moment: datetime, zone: str) -> date:
    """The local day of a moment."""
    return moment.astimezone(ZoneInfo(zone)).date()


def _text(found: legal_content.LegalText) -> Text:
    return Text(
        id=found.id,
        version=found.version,
        effective_on=found.effective_on,
        title=found.title,
        body=found.body,
        sha256=found.sha256,
    )


def _line(line: OrderLine) -> Line:
    collecting = line.tax_reason != "not_collecting"
    return Line(
        description=line.title,
        quantity=1,
        unit="visit",
        net=line.net_minor,
        vat=line.vat_minor,
        vat_bps=line.vat_bps if collecting else None,
        vat_note="" if collecting else NOT_COLLECTING,
    )


def _owner_mail(session: Session, organisation: Organisation) -> str:
    query = (
        sa.select(User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organisation_id == organisation.id, Membership.role == MembershipRole.owner)
        .order_by(Membership.created_at)
    )
    return session.scalar(query.limit(1)) or ""
