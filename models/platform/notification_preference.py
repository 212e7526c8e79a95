"""How somebody wants to be told: what they switched off, their quiet hours, and whether mails are gathered."""

from __future__ import annotations

from datetime import datetime, time
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Short


class Digest(Enum):
    """Mails that may wait come one by one, or gathered."""

    off = "One by one"
    daily = "Once a day, at 08:00"
    weekly = "Once a week, Mondays at 08:00"


class NotificationPreference(Base):
    """One row per person; without one everything is told, one by one, at any hour.

    `switched_off` holds `group:channel`. Quiet hours are times of the clock on the wall in `zone` (IANA); from 22:00 to
    07:00 goes over midnight. Both times or neither.
    """

    __tablename__ = "notification_preference"
    __personal__ = frozenset({"switched_off", "quiet_from", "quiet_to", "zone"})
    __table_args__ = (
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet_hours_have_both_ends"),
        sa.CheckConstraint("quiet_from <> quiet_to", name="quiet_hours_are_not_all_day"),
    )

    user_id: Mapped[int] = mapped_column(sa.Integer, sa.ForeignKey("ab_user.id"), primary_key=True, autoincrement=False)
    switched_off: Mapped[list[str]] = mapped_column(ARRAY(sa.String(60)), default=list, server_default="{}")
    quiet_from: Mapped[time | None] = mapped_column(sa.Time)
    quiet_to: Mapped[time | None] = mapped_column(sa.Time)
    zone: Mapped[Short]
    digest: Mapped[Digest] = mapped_column(
        sa.Enum(Digest, name="notification_digest", native_enum=False, create_constraint=True, length=20),
        default=Digest.off,
        server_default="off",
    )
    last_digest_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]
