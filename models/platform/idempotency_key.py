"""A command somebody sent, known by the key they made for it: the second sending gets the first one's answer."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Digest, Json, Short


class IdempotencyKey(Base):
    """`scope` is the verb and its caller. The row is written in the same transaction as the command's effect, so a
    refused command leaves none. `created_at` is real time, whatever the clock of a rehearsal says."""

    __tablename__ = "idempotency_key"
    __table_args__ = (sa.Index("ix_idempotency_key_created_at", "created_at"),)

    scope: Mapped[str] = mapped_column(sa.String(160), primary_key=True)
    key: Mapped[Short] = mapped_column(primary_key=True)
    request_hash: Mapped[Digest]
    response: Mapped[Json]
    created_at: Mapped[Created]
