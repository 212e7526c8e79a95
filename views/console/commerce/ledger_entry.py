"""The journal: what moved, between which accounts, because of which move, sealed where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.services.platform import seal
from models.commerce.account import Account
from models.commerce.journal_entry import JournalEntry
from models.commerce.posting import Posting
from models.platform.transition import Transition
from views import drawing
from views.base import ConsoleView
from views.columns import Column, PeriodFacet, WordFacet
from views.interface import Interface

J = JournalEntry
CHAIN = "ledger"
EVENTS = {
    "order.captured": "Order captured",
    "psp.fee": "Provider's fee",
    "escrow.released": "Hold released",
    "refund.requested": "Refund requested",
    "refund.succeeded": "Refund succeeded",
    "refund.bounced": "Refund bounced",
    "order.captured_late": "Captured late",
}


class LedgerEntryView(ConsoleView):
    """Read only, for everybody: the database refuses to change an entry."""

    datamodel = Interface(J)
    resource, label, group, icon, nouns = "LedgerEntry", "Journal", "Books", "book-2", "entries"
    route_base = "/journal"
    search = (J.subject, J.idem_key, J.event)
    columns = (
        Column("id", "Entry", "title", order=J.id, slot="title", width="s"),
        Column("event", "Event", get=lambda e: EVENTS.get(e.event, e.event), order=J.event, slot="meta", width="l"),
        Column("subject", "About", "code", order=J.subject, prio=2),
        Column("moved", "Moved", get=lambda e: e.__dict__.get("moved", drawing.NONE), width="m", slot="end"),
        Column("occurred_at", "When", "when", order=J.occurred_at, width="ml", slot="due"),
    )
    facets = (WordFacet("event", "Event", J.event, EVENTS, "book-2"), PeriodFacet("occurred", "When", J.occurred_at))

    def enrich(self, rows: Sequence[JournalEntry]) -> None:
        debits = sa.select(Posting.entry_id, Posting.currency, sa.func.sum(Posting.amount)).where(
            Posting.entry_id.in_([entry.id for entry in rows]), Posting.amount > 0
        )
        found = self.datamodel.session.execute(debits.group_by(Posting.entry_id, Posting.currency))
        sums = {entry: drawing.money(int(total), currency) for entry, currency, total in found}
        for entry in rows:
            entry.__dict__["moved"] = sums.get(entry.id, drawing.NONE)

    def heading(self, row: JournalEntry) -> str:
        return f"Entry {row.id}: {EVENTS.get(row.event, row.event).lower()}"

    def sections(self, row: JournalEntry) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        lines = sa.select(Account.code, Posting.amount, Posting.currency).join(
            Posting, Posting.account_id == Account.id
        )
        found = session.execute(lines.where(Posting.entry_id == row.id).order_by(Posting.line))
        cause = session.get(Transition, row.transition_id) if row.transition_id else None
        proof = seal.inclusion_proof(session, CHAIN, row.id)
        return [
            (
                "Postings",
                [(code, f"{'Debit' if n > 0 else 'Credit'} {drawing.money(abs(n), c)}") for code, n, c in found],
            ),
            (
                "Entry",
                [
                    ("Event", row.event),
                    ("About", drawing.code(row.subject)),
                    ("Happened", drawing.when(row.occurred_at)),
                    ("Posted", drawing.when(row.posted_at)),
                    ("Key", drawing.code(row.idem_key)),
                    ("Because of", drawing.plain(f"{cause.machine}: {cause.event}" if cause else None)),
                    ("Reverses", drawing.plain(row.reverses_id)),
                ],
            ),
            (
                "Seal",
                [
                    ("Block", drawing.plain(proof.height if proof else "waits for its seal")),
                    ("Hash", drawing.code(row.request_hash.hex())),
                ],
            ),
        ]
