"""What a service listing says beyond title, price and place: how long, how many people, how much notice."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ServiceDetail(Base):
    """`zone` is an IANA name: visiting hours are wall-clock times there. `notice_days` counts whole local days."""

    __tablename__ = "service_detail"
    __table_args__ = (
        sa.CheckConstraint("duration_minutes BETWEEN 15 AND 14400", name="duration_is_possible"),
        sa.CheckConstraint("crew_size BETWEEN 1 AND 50", name="crew_is_possible"),
        sa.CheckConstraint("notice_days BETWEEN 0 AND 90", name="notice_is_possible"),
    )

    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"), primary_key=True)
    duration_minutes: Mapped[int]
    crew_size: Mapped[int] = mapped_column(sa.SmallInteger)
    notice_days: Mapped[int] = mapped_column(sa.SmallInteger)
    zone: Mapped[str] = mapped_column(sa.String(60))
