"""One attempt to take a checkout's money at the provider; its facts follow the provider's word."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.commerce.checkout import Checkout
from models.types import Created, Currency, Minor, Prose, Short, UuidPk


class Payment(Base):
    """`id` is our reference at the provider and the idempotency key of its intent. Sums are minor units."""

    __tablename__ = "payment"
    __table_args__ = (
        sa.UniqueConstraint("checkout_id"),
        sa.UniqueConstraint("intent_id"),
        sa.CheckConstraint("amount_minor > 0", name="amount_is_positive"),
        sa.CheckConstraint("captured_minor IN (0, amount_minor)", name="captured_whole_or_not"),
        sa.CheckConstraint("(captured_minor = 0) = (captured_at IS NULL)", name="captured_has_a_moment"),
        sa.Index(
            "ix_payment_created_at",
            "created_at",
            postgresql_where=sa.text("captured_at IS NULL AND voided_at IS NULL"),
        ),
    )

    id: Mapped[UuidPk]
    checkout_id: Mapped[UUID] = mapped_column(sa.ForeignKey("checkout.id"))
    provider: Mapped[Short]
    intent_id: Mapped[str | None] = mapped_column(sa.String(120))
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    captured_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    fee_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    captured_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    voided_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    last_decline: Mapped[Prose] = mapped_column(default="", server_default="")
    created_at: Mapped[Created]
    asked_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    """When the sweep last asked the provider about it (real time); whoever was asked longest ago comes first."""

    checkout: Mapped[Checkout] = relationship(Checkout)
