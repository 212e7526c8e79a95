"""Ledger accounts, each with the sum of its postings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.services.commerce import account
from models.commerce.account import Account, AccountKind
from models.commerce.journal_entry import JournalEntry
from models.commerce.posting import Posting
from views import drawing
from views.base import ConsoleView
from views.columns import Column, EnumFacet
from views.interface import Interface

A = Account
DEBIT_SIDE = {AccountKind.asset, AccountKind.expense}
NEWEST_LINES = 50


def standing(account: Account, total: int) -> int:
    """The balance as people read it: positive on the side the account stands on. Minor units."""
    return total if account.kind in DEBIT_SIDE else -total


class AccountView(ConsoleView):
    """Balances are summed from postings, one statement for the page; nothing here is stored twice."""

    datamodel = Interface(A)
    resource, label, group, icon, nouns = "Account", "Accounts", "Books", "building-bank", "accounts"
    route_base = "/accounts"
    search = (A.code,)
    columns = (
        Column("code", "Account", "title", order=A.code, slot="title"),
        Column("kind", "Kind", get=lambda a: a.kind.value, order=A.kind, slot="meta", width="m"),
        Column("guarded", "Never below zero", "yes", order=A.guarded, width="m", prio=2),
        Column("currency", "Currency", order=A.currency, width="s", prio=3),
        Column("balance", "Balance", "money", get=lambda a: a.__dict__.get("standing", 0), slot="end", width="m"),
    )
    facets = (EnumFacet("kind", "Kind", A.kind, "scale"),)

    def enrich(self, rows: Sequence[Account]) -> None:
        totals = account.standings(self.datamodel.session(), [one.id for one in rows])
        for one in rows:
            one.__dict__["standing"] = standing(one, totals[one.id])

    def sections(self, row: Account) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        total = session.scalar(sa.select(sa.func.sum(Posting.amount)).where(Posting.account_id == row.id)) or 0
        lines = sa.select(JournalEntry.id, JournalEntry.event, JournalEntry.occurred_at, Posting.amount)
        newest = lines.join(Posting, Posting.entry_id == JournalEntry.id).where(Posting.account_id == row.id)
        found = session.execute(newest.order_by(JournalEntry.id.desc()).limit(NEWEST_LINES))
        return [
            (
                "Account",
                [
                    ("Kind", row.kind.value),
                    ("Currency", row.currency),
                    ("Never below zero", drawing.yes(row.guarded)),
                    ("Balance", drawing.money(standing(row, int(total)), row.currency)),
                ],
            ),
            (
                f"Newest {NEWEST_LINES} lines",
                [
                    (
                        f"{event} ({ident})",
                        drawing.tags([drawing.money(standing(row, amount), row.currency), drawing.when(at)]),
                    )
                    for ident, event, at, amount in found
                ],
            ),
        ]
