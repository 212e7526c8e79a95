"""Addresses of an order's files that open without a session: for programs, and for the viewer of a phone.

Such an address names one file and one person, is signed, and ends after ten minutes. Who left the organisation, was
suspended or never was a party opens nothing with it, whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.platform import signed_link
from models.commerce.dispute import Dispute
from models.commerce.dispute_file import DisputeFile
from models.commerce.dispute_statement import DisputeStatement
from models.commerce.document import Document
from models.commerce.evidence import Evidence
from models.commerce.order import Order
from models.commerce.order_message import OrderMessage
from models.commerce.order_message_file import OrderMessageFile
from models.errors import NotFound
from models.people.account_standing import AccountStanding
from models.people.membership import Membership
from models.platform.stored_file import StoredFile

PURPOSE = "order-file"
VALID_SECONDS = 600
PATH = "/files/"
Row = Document | Evidence | OrderMessageFile | DisputeFile


@dataclass(frozen=True, slots=True)
class OrderFile:
    """What lies behind an address: the file, and the name it is given out under."""

    file: StoredFile
    name: str


def address(row: Row, *, user_id: int) -> str:
    """The path under which this person may open this file for the next ten minutes."""
    return f"{PATH}{signed_link.token(PURPOSE, [user_id, KIND_OF[type(row)], str(row.id)])}"


def opened(session: Session, token: str) -> OrderFile:
    """The file of an address. Raises NotFound when it is not ours or too old, or its person may not read it now."""
    said = signed_link.read(PURPOSE, token, seconds=VALID_SECONDS)
    if said is None:
        raise NotFound
    user_id, kind, row_id = said
    model, order_of = KINDS[kind]
    row: Any = session.get(model, UUID(row_id))
    if row is None or not _is_party(session, user_id, order_of(session, row)):
        raise NotFound
    return OrderFile(row.stored_file, _name(session, row))


def _is_party(session: Session, user_id: int, order_id: UUID) -> bool:
    """Today: a member of one of the order's two organisations, whose account is open and whose address is confirmed."""
    parties = sa.or_(
        Membership.organisation_id == Order.buyer_organisation_id,
        Membership.organisation_id == Order.seller_organisation_id,
    )
    found = (
        sa.select(Membership.id)
        .join(Order, parties)
        .join(User, User.id == Membership.user_id)
        .outerjoin(AccountStanding, AccountStanding.user_id == User.id)
        .where(Order.id == order_id, User.id == user_id, User.active.is_(True))
        .where(AccountStanding.user_id.is_(None) | AccountStanding.confirmed_at.is_not(None))
    )
    return session.scalar(found.limit(1)) is not None


def _name(session: Session, row: Row) -> str:
    if isinstance(row, Document):
        return f"{session.get_one(Order, row.order_id).reference}-{row.kind.name}.pdf"
    return row.stored_file.original_name or "file"


def _of_message(session: Session, row: OrderMessageFile) -> UUID:
    return session.get_one(OrderMessage, row.message_id).order_id


def _of_problem(session: Session, row: DisputeFile) -> UUID:
    statement = session.get_one(DisputeStatement, row.statement_id)
    return session.get_one(Dispute, statement.dispute_id).order_id


KINDS: dict[str, tuple[type[Row], Callable[..., UUID]]] = {
    "document": (Document, lambda _session, row: row.order_id),
    "evidence": (Evidence, lambda _session, row: row.order_id),
    "message": (OrderMessageFile, _of_message),
    "problem": (DisputeFile, _of_problem),
}
KIND_OF = {model: kind for kind, (model, _) in KINDS.items()}
