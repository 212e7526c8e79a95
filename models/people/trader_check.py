"""A mark of staff: this fact about a trader was checked, by whom and when."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Created, Digest, UserId


class CheckItem(Enum):
    """What is checked one by one; documents carry their own check."""

    identity = "Person responsible"
    company = "Company and register"
    vat = "VAT"
    address = "Postal address"


class TraderCheck(Base):
    """Append-only. It counts for as long as the facts are those that were checked: `facts_sha256` says which."""

    __tablename__ = "trader_check"
    __table_args__ = (sa.Index("ix_trader_check_seller_id", "seller_id"),)

    id: Mapped[BigPk]
    seller_id: Mapped[UUID] = mapped_column(sa.ForeignKey("seller.id"))
    item: Mapped[CheckItem] = mapped_column(
        sa.Enum(CheckItem, name="check_item", native_enum=False, create_constraint=True, length=20)
    )
    facts_sha256: Mapped[Digest]
    user_id: Mapped[UserId]
    created_at: Mapped[Created]
