"""Where and when a provider comes: postcode areas, and visiting hours of an ordinary week."""

from __future__ import annotations

from datetime import time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.catalogue.postcode_area import AREAS

_KNOWN = ", ".join(f"'{code}'" for code in AREAS)


class ListingArea(Base):
    """One postcode area that a listing covers."""

    __tablename__ = "listing_area"
    __table_args__ = (
        sa.CheckConstraint(f"area IN ({_KNOWN})", name="area_exists"),
        sa.Index("ix_listing_area_area", "area"),
    )

    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"), primary_key=True)
    area: Mapped[str] = mapped_column(sa.String(2), primary_key=True)


class VisitHours(Base):
    """A window in which the crew arrives: ISO weekday (1 is Monday), wall-clock times in the listing's zone."""

    __tablename__ = "visit_hours"
    __table_args__ = (
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday_is_iso"),
        sa.CheckConstraint("starts < ends", name="starts_before_it_ends"),
    )

    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"), primary_key=True)
    weekday: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    starts: Mapped[time] = mapped_column(sa.Time, primary_key=True)
    ends: Mapped[time] = mapped_column(sa.Time)
