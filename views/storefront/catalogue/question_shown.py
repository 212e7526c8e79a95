"""Questions and answers as everybody reads them on a listing's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.services.catalogue import question as questions
from app.session import session
from models.catalogue.listing import Listing
from models.catalogue.question import Question

FEW = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as everybody reads it: nothing says who asked."""

    id: UUID
    text: str
    answer: str
    answered_at: datetime


def shown_on(listing: Listing) -> list[Shown]:
    """What the page of a listing shows, the newest answer first."""
    rows = questions.shown_of(session(), listing.id, FEW)
    return [shown(row) for row in rows]


def shown(row: Question) -> Shown:
    """A row without who asked."""
    return Shown(row.id, row.text, row.answer or "", row.answered_at or row.created_at)
