"""How many listings on sale each category has, counted now and then: for pages that would have to read them all."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class CategoryCount(Base):
    """Of the listings filed at one lineage that come to one postcode area (empty: wherever they come to), how many have
    a value of a facet (both empty: all of them). Empty while there are so few that every page counts for itself;
    `counted_at` (UTC) is the same in all rows."""

    __tablename__ = "category_count"
    __table_args__ = (sa.CheckConstraint("number > 0", name="there_is_one"),)

    lineage: Mapped[str] = mapped_column(sa.String(300), primary_key=True)
    area: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    facet: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    number: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
