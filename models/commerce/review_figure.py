"""How many published reviews of each kind there are: kept with each publication, equal to the sum of the reviews."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ReviewFigure(Base):
    """`kind` is seller or buyer (`subject_id` is an organisation) or listing. Hidden reviews do not count."""

    __tablename__ = "review_figure"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('seller', 'buyer', 'listing')", name="kind_is_known"),
        sa.CheckConstraint("least(ones, twos, threes, fours, fives) >= 0", name="counts_are_not_negative"),
    )

    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True)
    ones: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    twos: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    threes: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    fours: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    fives: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
