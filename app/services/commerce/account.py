"""The chart of accounts: which codes there are, of which kind, and which may not cross zero.

Rows are opened by the database with the first entry that names them. Guarded accounts belong to one order, seller or
refund; shared ones (provider, revenue, VAT) are never guarded, for a guard is a lock.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import closing
from models.commerce.account import Account, AccountBalance, AccountKind
from models.commerce.closing import Closing
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
    """One posting on an account, with the balance after it. Minor units; positive is debit. `at` is when it was posted,
    UTC."""

    entry_id: int
    line: int
    event: str
    subject: str
    at: datetime
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Some lines of an account, newest first, between two balances; `older` and `newer` say whether there are more."""

    opening: int
    closing: int
    lines: Sequence[StatementLine]
    newer: bool
    older: bool


Place = tuple[int, int]
"""A line of the journal: its entry, and its number within the entry."""


def psp(provider: str) -> AccountRef:
    """Money at the payment provider that is not yet paid out to us."""
    return AccountRef(f"psp:{provider}:clearing", K.asset)


def escrow(order_id: UUID) -> AccountRef:
    """Money held for an order until its work is accepted."""
    return AccountRef(f"escrow:{order_id}", K.liability, guarded=True)


def seller_pending(organisation_id: UUID) -> AccountRef:
    """Earned by a seller, not yet payable."""
    return AccountRef(f"seller:{organisation_id}:pending", K.liability, guarded=True)


def seller_payable(organisation_id: UUID) -> AccountRef:
    """Earned by a seller and ready to be paid out."""
    return AccountRef(f"seller:{organisation_id}:payable", K.liability, guarded=True)


def seller_receivable(organisation_id: UUID) -> AccountRef:
    """Owed to us by a seller: what was taken back beyond what we still had of theirs."""
    return AccountRef(f"seller:{organisation_id}:receivable", K.asset, guarded=True)


def dispute(chargeback_id: UUID) -> AccountRef:
    """What a bank took and has not decided about yet."""
    return AccountRef(f"dispute:{chargeback_id}", K.asset, guarded=True)


def refund_in_transit(refund_id: UUID) -> AccountRef:
    """Owed to a buyer, until the provider says it has arrived."""
    return AccountRef(f"refund:{refund_id}:in_transit", K.liability, guarded=True)


COMMISSION = AccountRef("revenue:commission", K.income)
SERVICE_FEE = AccountRef("revenue:service_fee", K.income)
VAT_OUTPUT = AccountRef("tax:vat_output", K.liability)
PSP_FEES = AccountRef("expense:psp_fees", K.expense)
DISPUTE_FEES = AccountRef("expense:dispute_fees", K.expense)
CHARGEBACK_LOSS = AccountRef("expense:chargeback_loss", K.expense)
CLIENT_MONEY = AccountRef("bank:client_money", K.asset)


@dataclass(frozen=True, slots=True)
class ClientMoney:
    """A kind of account that counts when client money is added up. In `shape`, `*` stands for an identifier; `column`
    is where a statement shows it."""

    shape: str
    label: str
    column: str


OWED_TO_CLIENTS = (
    ClientMoney("escrow:*", "Held for orders", "held"),
    ClientMoney("deposit:*", "Deposits", "held"),
    ClientMoney("refund:*:in_transit", "Refunds on their way", "refunds"),
    ClientMoney("seller:*:pending", "Earned by sellers, not yet payable", "sellers"),
    ClientMoney("seller:*:payable", "Payable to sellers", "sellers"),
    ClientMoney("buyer:*:wallet", "Customers' wallets", "other"),
    ClientMoney("payout:*:in_transit", "Payouts on their way", "other"),
)
"""What we owe others: it must be there at any moment. A new liability towards somebody else belongs here."""
CLIENT_RESOURCES = (
    ClientMoney("psp:*:clearing", "At the payment provider", "resource"),
    ClientMoney("bank:client_money", "Bank account for client money", "resource"),
)
"""Where the money is that we owe."""


def counts_as(code: str) -> ClientMoney | None:
    """How an account, by its code or its shape, counts as client money; None when it does not."""
    kinds = (*OWED_TO_CLIENTS, *CLIENT_RESOURCES)
    return next((kind for kind in kinds if fnmatchcase(code, kind.shape)), None)


def balance(session: Session, ref: AccountRef, currency: str) -> int:
    """What an account stands at in minor units, positive for debit; 0 for an account never opened."""
    key = session.scalar(sa.select(Account.id).where(Account.code == ref.code, Account.currency == currency))
    return 0 if key is None else standings(session, [key])[key]


def balances(session: Session, refs: Sequence[AccountRef], currency: str) -> dict[str, int]:
    """Several balances by code; accounts never opened are absent."""
    asked = sa.select(Account.id, Account.code).where(
        Account.code.in_([ref.code for ref in refs]), Account.currency == currency
    )
    codes = {row.id: row.code for row in session.execute(asked)}
    return {codes[key]: amount for key, amount in standings(session, list(codes)).items()}


def standings(session: Session, keys: Sequence[int], place: int = closing.NOW) -> dict[int, int]:
    """What each of these accounts (by id) stood at after the entry `place`, in one statement.

    Now, a guarded account knows its own balance. Else it is the newest closing before that place and what came since;
    accounts of one order or person are in no closing by themselves, and have few lines.
    """
    newest = sa.select(sa.func.max(Closing.entry_id)).where(Closing.entry_id <= place).scalar_subquery()
    since = sa.select(sa.func.sum(Posting.amount)).where(
        Posting.account_id == Account.id,
        Posting.entry_id > sa.func.coalesce(Closing.entry_id, 0),
        Posting.entry_id <= place,
    )
    added = sa.func.coalesce(Closing.balance, 0) + sa.func.coalesce(since.scalar_subquery(), 0)
    known = sa.and_(Account.guarded, sa.true() if place == closing.NOW else sa.false())
    found = (
        sa.select(Account.id, sa.case((known, AccountBalance.balance), else_=added))
        .outerjoin(AccountBalance, AccountBalance.account_id == Account.id)
        .outerjoin(
            Closing,
            (Closing.shape == Account.code) & (Closing.currency == Account.currency) & (Closing.entry_id == newest),
        )
        .where(Account.id.in_(keys))
    )
    return {key: int(amount) for key, amount in session.execute(found)}


def statement(
    session: Session,
    row: Account,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after: Place | None = None,
    before: Place | None = None,
    size: int = 50,
) -> Statement:
    """The newest `size` lines posted from `since` up to but not including `until` (UTC), or those next to a line that
    was shown: newer than `after`, or older than `before`. The same few statements whatever the account has seen.
    """
    low, high = closing.place(session, since) if since else 0, closing.place(session, until)
    asked = _lines(row.id, low, high)
    newest_first = (Posting.entry_id.desc(), Posting.line.desc())
    if after is not None:
        asked = asked.where(Posting.entry_id >= after[0], sa.tuple_(Posting.entry_id, Posting.line) > after)
        newest_first = (Posting.entry_id.asc(), Posting.line.asc())
    elif before is not None:
        asked = asked.where(Posting.entry_id <= before[0], sa.tuple_(Posting.entry_id, Posting.line) < before)
    found = session.execute(asked.order_by(*newest_first).limit(size + 1)).all()
    more, found = len(found) > size, found[:size]
    if after is not None:
        found = found[::-1]
    opening = standings(session, [row.id], low)[row.id] if low else 0
    return Statement(
        opening=opening,
        closing=standings(session, [row.id], high)[row.id],
        lines=_with_balances(session, row, found),
        newer=more if after is not None else before is not None,
        older=more if after is None else True,
    )


def every_line(
    session: Session, row: Account, *, since: datetime | None = None, until: datetime | None = None
) -> Generator[StatementLine, None, None]:
    """All lines of a statement, oldest first, fetched as they are asked for."""
    low, high = closing.place(session, since) if since else 0, closing.place(session, until)
    total = standings(session, [row.id], low)[row.id] if low else 0
    asked = _lines(row.id, low, high).order_by(Posting.entry_id, Posting.line)
    with session.execute(asked, execution_options={"yield_per": 1000}) as found:
        for one in found:
            total += one.amount
            yield _told(one, total)


def _told(row: Any, balance: int) -> StatementLine:
    return StatementLine(row.entry_id, row.line, row.event, row.subject, row.posted_at, row.amount, balance)


def _lines(key: int, low: int, high: int) -> sa.Select[Any, Any, Any, Any, Any, Any]:
    entry = JournalEntry
    asked = sa.select(Posting.entry_id, Posting.line, entry.event, entry.subject, entry.posted_at, Posting.amount)
    asked = asked.join(entry, entry.id == Posting.entry_id)
    return asked.where(Posting.account_id == key, Posting.entry_id > low, Posting.entry_id <= high)


def _with_balances(session: Session, row: Account, found: Sequence[Any]) -> list[StatementLine]:
    """Counted up from what the account stood at before the oldest of them."""
    if not found:
        return []
    oldest = found[-1]
    total = standings(session, [row.id], oldest.entry_id - 1)[row.id]
    same_entry = sa.select(sa.func.coalesce(sa.func.sum(Posting.amount), 0)).where(
        Posting.account_id == row.id, Posting.entry_id == oldest.entry_id, Posting.line < oldest.line
    )
    total += int(session.scalar(same_entry) or 0)
    lines = []
    for one in reversed(found):
        total += one.amount
        lines.append(_told(one, total))
    return lines[::-1]
