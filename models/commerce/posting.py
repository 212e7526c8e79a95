"""A line of a journal entry: an account and an amount, positive for debit, negative for credit."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Currency, Minor


class Posting(Base):
    """`amount` in minor units, never zero. The currency equals the account's by foreign key."""

    __tablename__ = "posting"
    __table_args__ = (
        sa.ForeignKeyConstraint(["account_id", "currency"], ["account.id", "account.currency"]),
        sa.Index("ix_posting_account_id", "account_id", "entry_id", postgresql_include=["amount"]),
    )

    entry_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("journal_entry.id"), primary_key=True, autoincrement=False
    )
    line: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[Currency]
    amount: Mapped[Minor]
