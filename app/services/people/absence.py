"""When a business is away: read by everything that offers a visit. The verbs are in holiday.py."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people.vat_status import UK, today
from models.people.seller import Seller

SOON = 14
"""Days. Customers are told of a holiday when visits of its days would be on offer."""


@dataclass(frozen=True, slots=True)
class Away:
    """Days of the business zone: from the first one up to, not including, the first day back."""

    from_day: date
    until_day: date
    note: str
    begun: bool
    soon: bool

    def covers(self, starts_at: datetime, ends_at: datetime | None = None) -> bool:
        """Whether a visit is on one of those days; without its end, whether it begins on one. The end is half-open:
        midnight belongs to the day before."""
        first = starts_at.astimezone(UK).date()
        last = first if ends_at is None else (ends_at - timedelta(microseconds=1)).astimezone(UK).date()
        return first < self.until_day and last >= self.from_day

    @property
    def days(self) -> int:
        """How many."""
        return (self.until_day - self.from_day).days


def of(row: Seller) -> Away | None:
    """The holiday that runs or comes; None when there is none, or it is over."""
    return _away(row.away_from, row.away_until, row.away_note)


def of_organisation(session: Session, organisation_id: UUID) -> Away | None:
    """The same for whoever sells under this organisation."""
    return of_organisations(session, [organisation_id]).get(organisation_id)


def of_organisations(session: Session, organisation_ids: Collection[UUID]) -> dict[UUID, Away]:
    """Of those that are away or will be, in one statement."""
    columns = (Seller.organisation_id, Seller.away_from, Seller.away_until, Seller.away_note)
    rows = session.execute(
        sa.select(*columns).where(Seller.organisation_id.in_(organisation_ids), Seller.away_until > today())
    )
    found = {row.organisation_id: _away(row.away_from, row.away_until, row.away_note) for row in rows}
    return {ident: away for ident, away in found.items() if away is not None}


def _away(from_day: date | None, until_day: date | None, note: str) -> Away | None:
    now = today()
    if from_day is None or until_day is None or until_day <= now:
        return None
    return Away(from_day, until_day, note, begun=from_day <= now, soon=from_day <= now + timedelta(days=SOON))
