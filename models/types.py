"""Column kinds that mean the same everywhere: `Mapped[Minor]` is money, `Mapped[Instant]` is a moment in UTC."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """A time-ordered identifier (RFC 9562, version 7), strictly increasing within one process."""
    global _last  # noqa: PLW0603  one counter for the process is what makes it monotonic
    with _lock:
        stamp = max(time.time_ns() // 250 + 1, _last + 1)  # 12 bits of sub-millisecond time keep the order
        _last = stamp
    millis, fraction = divmod(stamp, 4000)
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=(millis & ((1 << 48) - 1)) << 80 | 7 << 76 | fraction << 64 | 2 << 62 | tail)


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


UuidPk = Annotated[UUID, mapped_column(sa.Uuid, primary_key=True, default=uuid7)]
BigPk = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)]
Uid = Annotated[UUID, mapped_column(sa.Uuid)]
Minor = Annotated[int, mapped_column(sa.BigInteger)]
"""Minor units (pence, cents) of the row's currency; never a float."""
Bps = Annotated[int, mapped_column(sa.Integer)]
"""Basis points: 2000 is 20 %."""
Currency = Annotated[str, mapped_column(sa.CHAR(3))]
Instant = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]
Created = Annotated[
    datetime, mapped_column(sa.DateTime(timezone=True), default=utc_now, server_default=sa.func.clock_timestamp())
]
Short = Annotated[str, mapped_column(sa.String(120))]
Prose = Annotated[str, mapped_column(sa.Text)]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
Digest = Annotated[bytes, mapped_column(sa.LargeBinary(32))]
"""SHA-256, 32 bytes."""
UserId = Annotated[int, mapped_column(sa.Integer, sa.ForeignKey("ab_user.id"))]
