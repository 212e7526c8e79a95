"""What a buyer gets back who cancels an accepted order: dated ladders, chosen per listing and fixed with the order."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Prose, Short, UuidPk

STANDARD = "standard"
"""What a listing has that chose nothing else."""


class CancellationPolicy(Base):
    """`steps` is a ladder from early to late: `{"hours_before": 48, "refund_bps": 10000}` means that until 48 hours
    before the visit the whole price (gross, without the order fee) goes back. After the last step nothing does.

    `valid` is half-open, in days of the United Kingdom; two ladders of one code never overlap (the database refuses).
    """

    __tablename__ = "cancellation_policy"
    __table_args__ = (
        ExcludeConstraint(("code", "="), ("valid", "&&"), name="ex_cancellation_policy_one_at_a_time", using="gist"),
        sa.CheckConstraint("jsonb_typeof(steps) = 'array'", name="steps_are_a_list"),
    )

    id: Mapped[UuidPk]
    code: Mapped[Short]
    name: Mapped[Short]
    summary: Mapped[Prose]
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    valid: Mapped[Range[date]] = mapped_column(DATERANGE)

    def __str__(self) -> str:
        return self.name
