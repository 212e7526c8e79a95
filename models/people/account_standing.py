"""What we know of somebody's account beside name and password: whether the address is theirs, and how it ended."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Prose

MOMENT = sa.DateTime(timezone=True)


class AccountStanding(Base):
    """One for each person but staff who were added in the console (for them an administrator vouches). While it is
    suspended, `ab_user.active` is false, which is what keeps it out; here stands since when and why. `closed_at`: the
    account was deleted, and what is left of it names nobody."""

    __tablename__ = "account_standing"
    __personal__ = frozenset({"suspension_reason"})
    __table_args__ = (
        sa.CheckConstraint("(suspended_at IS NULL) = (suspension_reason = '')", name="a_suspension_has_its_reason"),
    )

    user_id: Mapped[int] = mapped_column(sa.Integer, sa.ForeignKey("ab_user.id"), primary_key=True, autoincrement=False)
    confirmed_at: Mapped[datetime | None] = mapped_column(MOMENT)
    suspended_at: Mapped[datetime | None] = mapped_column(MOMENT)
    suspension_reason: Mapped[Prose] = mapped_column(default="", server_default="")
    closed_at: Mapped[datetime | None] = mapped_column(MOMENT)
