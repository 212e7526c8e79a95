"""Paper of an order: the contract and the receipt, as stored bytes with their hash and, where it has one, its proof."""

from __future__ import annotations

from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.order import Order
from models.platform.stored_file import StoredFile
from models.types import Created, Short, UuidPk


class DocumentKind(Enum):
    """One of each per order."""

    contract = "Contract"
    receipt = "Receipt"


class Document(Base):
    """`proof` is the inclusion proof printed on a receipt (reports/commerce/receipt.py), null for a contract."""

    __tablename__ = "order_document"
    __table_args__ = (sa.UniqueConstraint("order_id", "kind"), sa.UniqueConstraint("number"))

    id: Mapped[UuidPk]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_order.id"))
    kind: Mapped[DocumentKind] = mapped_column(
        sa.Enum(DocumentKind, name="document_kind", native_enum=False, create_constraint=True, length=20)
    )
    number: Mapped[Short]
    stored_file_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stored_file.id"))
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[Created]

    order: Mapped[Order] = relationship(Order)
    stored_file: Mapped[StoredFile] = relationship(StoredFile)
