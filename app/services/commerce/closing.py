"""Closing the books, and finding the place in the journal that a moment stands for.

A place is the number of an entry: the books "as of" a moment are all entries up to it. Every statement asks here, so
two of them agree to the penny about the same moment.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.commerce.closing import Closing
from models.commerce.journal_entry import JournalEntry

NOW = 2**63 - 1
"""The place that is beyond every entry."""


def close(session: Session) -> int:
    """Adds up the journal to its newest entry and answers its number; does nothing when nothing was posted since.

    Posting waits meanwhile. Raises sqlalchemy.exc.OperationalError when an open transaction keeps it waiting for more
    than three seconds.
    """
    return int(session.execute(sa.text("SELECT ledger_close()")).scalar_one())


def place(session: Session, moment: datetime | None) -> int:
    """The last entry posted before `moment` (UTC); 0 before the first one. None is now: there is no end.

    Only the entries between two closings are looked at.
    """
    if moment is None:
        return NOW
    low, high = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.max(Closing.entry_id).filter(Closing.at <= moment), 0),
            sa.func.coalesce(sa.func.min(Closing.entry_id).filter(Closing.at > moment), NOW),
        )
    ).one()
    within = (JournalEntry.id > low) & (JournalEntry.id <= high) & (JournalEntry.posted_at < moment)
    return session.scalar(sa.select(sa.func.max(JournalEntry.id)).where(within)) or int(low)
