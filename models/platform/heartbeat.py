"""When a process of ours was last seen at work; readiness and the console read it."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Instant, Json, Short


class Heartbeat(Base):
    """One row per kind of process (`clock`, `worker`, `sealer`)."""

    __tablename__ = "heartbeat"

    name: Mapped[Short] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    detail: Mapped[Json]
