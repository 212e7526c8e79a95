"""What a seller has with us, order by order, read from the ledger alone: rows and accounts cannot differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import account
from models.commerce.account import Account
from models.commerce.journal_entry import JournalEntry
from models.commerce.order import Order
from models.commerce.posting import Posting

KINDS = ("held", "pending", "payable", "owed")


@dataclass(frozen=True, slots=True)
class Row:
    """One order. Minor units: `held` is the price under protection, before commission; `pending` was released to the
    seller, `payable` is on its way to a payout, `owed` is what the seller gives back."""

    order: Order
    held: int
    pending: int
    payable: int
    owed: int


@dataclass(frozen=True, slots=True)
class Earnings:
    """All orders of a seller in one currency, newest first, with the sum of each column."""

    currency: str
    rows: Sequence[Row]

    def total(self, kind: str) -> int:
        """The sum of one column: the balance of its accounts."""
        return sum(getattr(row, kind) for row in self.rows)

    def only(self, kind: str) -> Sequence[Row]:
        """The rows that make one figure; all rows for a word that is none."""
        return [row for row in self.rows if getattr(row, kind)] if kind in KINDS else self.rows


def of_seller(session: Session, organisation_id: UUID, currency: str = "GBP") -> Earnings:
    """Every order of this seller. Reads only."""
    mine = sa.select(Order).where(Order.seller_organisation_id == organisation_id, Order.currency == currency)
    orders = list(session.scalars(mine.order_by(Order.id.desc())))
    held = account.balances(session, [account.escrow(order.id) for order in orders], currency)
    pending = _by_subject(session, account.seller_pending(organisation_id), currency)
    payable = _by_subject(session, account.seller_payable(organisation_id), currency)
    owed = _by_subject(session, account.seller_receivable(organisation_id), currency)
    rows = [
        Row(
            order,
            held=-held.get(account.escrow(order.id).code, 0),
            pending=-pending.get(f"order:{order.id}", 0),
            payable=-payable.get(f"order:{order.id}", 0),
            owed=owed.get(f"order:{order.id}", 0),
        )
        for order in orders
    ]
    return Earnings(currency, rows)


def _by_subject(session: Session, ref: account.AccountRef, currency: str) -> dict[str, int]:
    asked = (
        sa.select(JournalEntry.subject, sa.func.sum(Posting.amount))
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == ref.code, Account.currency == currency)
        .group_by(JournalEntry.subject)
    )
    return {subject: int(amount) for subject, amount in session.execute(asked)}
