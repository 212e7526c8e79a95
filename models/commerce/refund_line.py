"""What a refund was asked for, line by line, before anybody approved it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.order_line import OrderLine
from models.types import Minor, UuidPk


class RefundLine(Base):
    """`gross_minor` of one order line, VAT included, is to go back. What it came to stands in `allocation`."""

    __tablename__ = "refund_line"
    __table_args__ = (
        sa.UniqueConstraint("refund_id", "order_line_id"),
        sa.CheckConstraint("gross_minor > 0", name="gross_is_positive"),
        sa.Index("ix_refund_line_order_line_id", "order_line_id"),
    )

    id: Mapped[UuidPk]
    refund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("refund.id"))
    order_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("order_line.id"))
    gross_minor: Mapped[Minor]

    order_line: Mapped[OrderLine] = relationship(OrderLine)
