"""One line of an offer: words and a net sum. VAT and commission are worked out on the day it is ordered."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Minor, Short, UuidPk


class QuoteOfferLine(Base):
    """`net_minor` is net of VAT, in minor units of the offer's currency. Never altered."""

    __tablename__ = "quote_offer_line"
    __table_args__ = (
        sa.UniqueConstraint("offer_id", "position"),
        sa.CheckConstraint("position BETWEEN 1 AND 8", name="eight_lines_at_most"),
        sa.CheckConstraint("net_minor > 0", name="net_is_positive"),
        sa.CheckConstraint("length(btrim(title)) BETWEEN 2 AND 120", name="title_says_something"),
    )

    id: Mapped[UuidPk]
    offer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("quote_offer.id"))
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    title: Mapped[Short]
    net_minor: Mapped[Minor]
