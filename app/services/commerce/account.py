"""The chart of accounts: which codes there are, of which kind, and which may not cross zero.

Rows are opened by the database with the first entry that names them. Guarded accounts belong to one order, seller or
refund; shared ones (provider, revenue, VAT) are never guarded, for a guard is a lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.commerce.account import Account, AccountBalance, AccountKind
from models.commerce.journal_entry import JournalEntry
from models.commerce.posting import Posting

K = AccountKind


@dataclass(frozen=True, slots=True)
class AccountRef:
    """A place in the chart, whether or not its row exists yet."""

    code: str
    kind: AccountKind
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting on an account, with the balance after it. Minor units; positive is debit. `at` is UTC."""

    entry_id: int
    event: str
    subject: str
    at: datetime
    amount: int
    balance: int


def psp(provider: str) -> AccountRef:
    """Money at the payment provider that is not yet paid out to us."""
    return AccountRef(f"psp:{provider}:clearing", K.asset)


def escrow(order_id: UUID) -> AccountRef:
    """Money held for an order until its work is accepted."""
    return AccountRef(f"escrow:{order_id}", K.liability, guarded=True)


def seller_pending(organisation_id: UUID) -> AccountRef:
    """Earned by a seller, not yet payable."""
    return AccountRef(f"seller:{organisation_id}:pending", K.liability, guarded=True)


def refund_in_transit(refund_id: UUID) -> AccountRef:
    """Owed to a buyer, until the provider says it has arrived."""
    return AccountRef(f"refund:{refund_id}:in_transit", K.liability, guarded=True)


COMMISSION = AccountRef("revenue:commission", K.income)
SERVICE_FEE = AccountRef("revenue:service_fee", K.income)
VAT_OUTPUT = AccountRef("tax:vat_output", K.liability)
PSP_FEES = AccountRef("expense:psp_fees", K.expense)


def balance(session: Session, ref: AccountRef, currency: str) -> int:
    """The sum of an account's postings in minor units, positive for debit; 0 for an account never opened."""
    if ref.guarded:
        cached = sa.select(AccountBalance.balance).join(Account, Account.id == AccountBalance.account_id)
        return session.scalar(cached.where(Account.code == ref.code, Account.currency == currency)) or 0
    total = sa.select(sa.func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id)
    return int(session.scalar(total.where(Account.code == ref.code, Account.currency == currency)) or 0)


def balances(session: Session, refs: Sequence[AccountRef], currency: str) -> dict[str, int]:
    """Several balances by code, in one query; accounts never opened are absent."""
    total = (
        sa.select(Account.code, sa.func.sum(Posting.amount))
        .join(Posting, Posting.account_id == Account.id)
        .where(Account.code.in_([ref.code for ref in refs]), Account.currency == currency)
        .group_by(Account.code)
    )
    return {code: int(amount) for code, amount in session.execute(total)}


def statement(
    session: Session, ref: AccountRef, currency: str, *, since: datetime | None = None, until: datetime | None = None
) -> list[StatementLine]:
    """The account's postings in journal order, from `since` up to but not including `until` (UTC, by posting time).

    Balances count from the account's first posting, also where earlier lines are left out.
    """
    running = sa.func.sum(Posting.amount).over(order_by=(Posting.entry_id, Posting.line))
    every = (
        sa.select(
            Posting.entry_id,
            JournalEntry.event,
            JournalEntry.subject,
            JournalEntry.posted_at,
            Posting.amount,
            sa.cast(running, sa.BigInteger).label("balance"),
            Posting.line,
        )
        .join(Account, Account.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Account.code == ref.code, Account.currency == currency)
        .subquery()
    )
    asked = sa.select(every).order_by(every.c.entry_id, every.c.line)
    if since is not None:
        asked = asked.where(every.c.posted_at >= since)
    if until is not None:
        asked = asked.where(every.c.posted_at < until)
    return [StatementLine(*row[:6]) for row in session.execute(asked)]
