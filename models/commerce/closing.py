"""The books added up to an entry of the journal, so that nobody adds up the whole journal to know a balance."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Currency, Instant, Minor, Short


class Closing(Base):
    """The sum of all postings up to and including `entry_id`, by shape: an account's code with each identifier as `*`.

    Written only by the database's `ledger_close`, and never altered. Minor units, positive for debit; `at` is UTC, no
    earlier than any of these entries and no later than any that follows.
    """

    __tablename__ = "closing"

    entry_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("journal_entry.id"), primary_key=True, autoincrement=False
    )
    shape: Mapped[Short] = mapped_column(primary_key=True)
    currency: Mapped[Currency] = mapped_column(primary_key=True)
    balance: Mapped[Minor]
    at: Mapped[Instant]
