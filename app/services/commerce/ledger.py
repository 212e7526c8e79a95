"""Posting to the ledger. The database owns its rules; this is the one door to them, and it speaks our errors."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.services.commerce.account import AccountRef
from models.commerce.account import Account
from models.commerce.journal_entry import JournalEntry
from models.commerce.posting import Posting
from models.errors import Conflict
from models.platform.transition import Transition

REFUSALS = {
    "idem_mismatch": "This was already recorded, with other figures. Nothing was changed.",
    "ck_account_balance_never_wrong_side": "There is not that much money left. Nothing was changed.",
    "uq_journal_entry_reverses_id": "This entry is already reversed. Nothing was changed.",
}
"""What the database may rightly refuse; any other refusal is a fault of ours and stays a 500."""
_POST = sa.text("SELECT ledger_post(:event, :key, :subject, :at, CAST(:lines AS jsonb), :transition, :reverses)")
_POST = _POST.bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
_FEWEST_LINES = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry. `amount` in minor units, positive for debit, negative for credit."""

    account: AccountRef
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PostedLine:
    """A line as it stands in the journal."""

    code: str
    amount: int
    currency: str


def post(
    session: Session,
    event: str,
    *,
    key: str,
    subject: str,
    lines: Sequence[Line],
    at: datetime,
    transition: Transition | None = None,
    reverses: int | None = None,
) -> int:
    """Writes one entry and answers its id; a key that was posted before with the same lines answers the same id.

    `key` names the effect for ever (`order.captured:<intent>`), `subject` what it is about (`order:<id>`), `at` when it
    happened (UTC), `transition` the move that caused it. Accounts are opened on the way. A refusal undoes the entry
    only: the transaction can go on.

    Raises ValueError for lines that don't balance, Conflict for what the database rightly refuses (see REFUSALS).
    """
    _check(lines)
    if transition is not None and transition.id is None:
        session.flush()
    values = {
        "event": event,
        "key": key,
        "subject": subject,
        "at": at,
        "lines": json.dumps([_plain(line) for line in lines]),
        "transition": transition.id if transition else None,
        "reverses": reverses,
    }
    try:
        with session.begin_nested():
            return int(session.execute(_POST, values).scalar_one())
    except DBAPIError as error:
        raise refusal(error) from error


def reverse(session: Session, entry_id: int, *, key: str, at: datetime, transition: Transition | None = None) -> int:
    """Posts the negative of an entry; only once per entry. Raises NoResultFound, Conflict."""
    entry = session.get_one(JournalEntry, entry_id)
    account = sa.select(Account.code, Account.kind, Account.guarded, Posting.amount, Posting.currency)
    account = account.join(Posting, Posting.account_id == Account.id).where(Posting.entry_id == entry_id)
    lines = [
        Line(AccountRef(code, kind, guarded), -amount, currency)
        for code, kind, guarded, amount, currency in session.execute(account.order_by(Posting.line))
    ]
    return post(
        session,
        f"{entry.event}.reversed",
        key=key,
        subject=entry.subject,
        lines=lines,
        at=at,
        transition=transition,
        reverses=entry_id,
    )


def entries(session: Session, subject: str) -> list[tuple[JournalEntry, list[PostedLine]]]:
    """The journal of one subject, oldest first, each entry with its lines."""
    found = session.scalars(sa.select(JournalEntry).where(JournalEntry.subject == subject).order_by(JournalEntry.id))
    lines: dict[int, tuple[JournalEntry, list[PostedLine]]] = {entry.id: (entry, []) for entry in found}
    rows = (
        sa.select(Posting.entry_id, Account.code, Posting.amount, Posting.currency)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id.in_(lines))
        .order_by(Posting.entry_id, Posting.line)
    )
    for entry_id, code, amount, currency in session.execute(rows):
        lines[entry_id][1].append(PostedLine(code, amount, currency))
    return list(lines.values())


def refusal(error: DBAPIError) -> Exception:
    """Our word for what the database refused, or the error itself."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return Conflict(REFUSALS[name]) if name in REFUSALS else error


def _check(lines: Sequence[Line]) -> None:
    """The database checks this too, at commit; here the fault still has its caller."""
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.currency] += line.amount
    wrong = {currency: total for currency, total in totals.items() if total}
    if wrong or len(lines) < _FEWEST_LINES or not all(line.amount for line in lines):
        raise ValueError(f"not an entry: {[(line.account.code, line.amount) for line in lines]}, off by {wrong}")


def _plain(line: Line) -> dict[str, str | int | bool]:
    account = line.account
    return {
        "account": account.code,
        "currency": line.currency,
        "amount": line.amount,
        "kind": account.kind.name,
        "guarded": account.guarded,
    }
