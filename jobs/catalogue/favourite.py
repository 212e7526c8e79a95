"""Clockwork of what people saved."""

from __future__ import annotations

from uuid import UUID

from app.services.catalogue import favourite
from jobs.base import JobRun, job


@job("catalogue.favourite.tell_cheaper")
def tell_cheaper(run: JobRun, *, listing_id: str) -> None:
    """A listing came back into the shop: whoever saved it dearer knows."""
    with run.finish() as session:
        favourite.tell_cheaper(session, UUID(listing_id))


@job("catalogue.favourite.tell_all")
def tell_all(run: JobRun) -> None:
    """Once a day: what became cheaper because a rate or a seller's VAT standing changed."""
    with run.finish() as session:
        favourite.tell_cheaper(session)
