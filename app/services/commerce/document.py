"""Papers of an order: who has which, and the row that says what was stored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.storage import StoredContent
from app.services.platform import stored_file
from models.commerce.document import Document, DocumentKind
from models.commerce.order import Order
from models.platform.stored_file import StoredFile

PDF = "application/pdf"


def exists(session: Session, order_id: UUID, kind: DocumentKind) -> bool:
    """Whether the order has this paper already."""
    query = sa.select(Document.id).where(Document.order_id == order_id, Document.kind == kind)
    return session.scalar(query) is not None


def number(order: Order, kind: DocumentKind) -> str:
    """What the paper is called: the order's reference and a letter."""
    return f"{order.reference}-{kind.name[0].upper()}"


def record(
    session: Session, order: Order, kind: DocumentKind, content: StoredContent, *, proof: dict[str, Any] | None = None
) -> Document | None:
    """The row for bytes that are in storage; None when another worker was first: the order keeps the first paper."""
    session.execute(sa.select(Order.id).where(Order.id == order.id).with_for_update())
    if exists(session, order.id, kind):
        return None
    name = f"{number(order, kind)}.pdf"
    row = Document(
        order_id=order.id,
        kind=kind,
        number=number(order, kind),
        stored_file_id=stored_file.record(session, content, media_type=PDF, purpose=kind.name, original_name=name).id,
        proof=proof,
    )
    session.add(row)
    session.info["verb"] = f"document.{kind.name}"
    session.flush()
    return row


def ids(session: Session, order_id: UUID) -> list[UUID]:
    """The order's papers that there are now, oldest first."""
    return list(session.scalars(sa.select(Document.id).where(Document.order_id == order_id).order_by(Document.id)))


def papers(session: Session, those: Collection[UUID]) -> list[tuple[str, str, str]]:
    """Papers as (name, media type, storage key), oldest first."""
    query = (
        sa.select(Document.number, StoredFile.media_type, StoredFile.key)
        .join(StoredFile, StoredFile.id == Document.stored_file_id)
        .where(Document.id.in_(those))
        .order_by(Document.id)
    )
    return [(f"{number}.pdf", media_type, key) for number, media_type, key in session.execute(query)]
