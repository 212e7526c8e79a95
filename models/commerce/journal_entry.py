"""The journal: one entry per event of money, its lines in posting.py. Written only by the database's `ledger_post`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Created, Digest, Instant


class JournalEntry(Base):
    """`subject` is what the money is about (`order:<id>`), `transition_id` the move that caused it. Moments are UTC."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        sa.UniqueConstraint("idem_key"),
        sa.UniqueConstraint("reverses_id"),
        sa.Index("ix_journal_entry_subject", "subject", "id"),
        sa.Index("ix_journal_entry_transition_id", "transition_id"),
    )

    id: Mapped[BigPk]
    event: Mapped[str] = mapped_column(sa.String(60))
    idem_key: Mapped[str] = mapped_column(sa.String(200))
    request_hash: Mapped[Digest]
    subject: Mapped[str] = mapped_column(sa.String(120))
    occurred_at: Mapped[Instant]
    posted_at: Mapped[Created]
    transition_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("transition.id"))
    reverses_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("journal_entry.id"))
