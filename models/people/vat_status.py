"""Whether a seller charges VAT, from which day on: dated rows, the latest that has begun is in force."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Created


class VatStatus(Base):
    """Append-only. `from_day` is a day of the jurisdiction; of several rows of one day the last one stands.

    Orders keep the tax they were made with: a row decides only about lines made on its days.
    """

    __tablename__ = "vat_status"
    __table_args__ = (
        sa.CheckConstraint("registered = (number <> '')", name="registered_has_a_number"),
        sa.Index("ix_vat_status_seller_id", "seller_id", "from_day", "id"),
    )

    id: Mapped[BigPk]
    seller_id: Mapped[UUID] = mapped_column(sa.ForeignKey("seller.id"))
    registered: Mapped[bool]
    number: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    from_day: Mapped[date]
    declared_by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    created_at: Mapped[Created]
