"""Ledger accounts: opened by the database on demand, never changed. A guarded one can't cross zero."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import BigPk, Currency, Minor, Short


class AccountKind(Enum):
    """Assets and expenses stand on the debit (positive) side, the others on the credit side."""

    asset = "Asset"
    liability = "Liability"
    income = "Income"
    expense = "Expense"
    equity = "Equity"


class Account(Base):
    """`code` names it within a currency, such as `seller:<organisation>:pending`."""

    __tablename__ = "account"
    __table_args__ = (sa.UniqueConstraint("code", "currency"), sa.UniqueConstraint("id", "currency"))

    id: Mapped[BigPk]
    code: Mapped[Short]
    currency: Mapped[Currency]
    kind: Mapped[AccountKind] = mapped_column(
        sa.Enum(AccountKind, name="account_kind", native_enum=False, create_constraint=True, length=20)
    )
    guarded: Mapped[bool] = mapped_column(sa.Boolean)


class AccountBalance(Base):
    """The sum of a guarded account's postings in minor units; `sign` is the side it may stand on."""

    __tablename__ = "account_balance"

    account_id: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False
    )
    sign: Mapped[int] = mapped_column(sa.SmallInteger)
    balance: Mapped[Minor] = mapped_column(server_default="0")
