"""How far the clock of the verbs was moved for a rehearsal; production never reads it."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Instant

ONLY = 1


class ClockShift(Base):
    """The one row. `seconds` ahead of real time, never behind it; `changed_at` is real time, UTC."""

    __tablename__ = "clock_shift"
    __table_args__ = (
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("seconds >= 0", name="forward"),
    )

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False, default=ONLY)
    seconds: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    changed_at: Mapped[Instant]

    @property
    def by(self) -> timedelta:
        """The same as a duration."""
        return timedelta(seconds=self.seconds)
