"""What was ordered, as it was when it was paid."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.commerce.checkout_line import PricedLine
from models.types import UuidPk


class OrderLine(PricedLine, Base):
    """Copied from the checkout's line when the money arrived."""

    __tablename__ = "order_line"
    __table_args__ = (*PricedLine.__table_args__, sa.UniqueConstraint("order_id", "position"))

    id: Mapped[UuidPk]
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_order.id"))
