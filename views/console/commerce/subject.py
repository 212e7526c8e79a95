"""What an entry of the journal is about, as people know it: an order by its reference, a payment that has no order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from models.commerce.order import Order
from views import drawing

PAGES = {"order": ("Order", "OrderView.show"), "payment": ("Payment", "PaymentView.show")}
WORDS = {"payment": "Payment without an order"}


def named(session: Session, subjects: Collection[str], may: Callable[[str, str], bool]) -> Mapping[str, Markup]:
    """Each subject drawn, with a link where there is a page that this person may read. One statement for all."""
    parts = {subject: subject.partition(":") for subject in subjects}
    keys = [key for kind, _, text in parts.values() if kind == "order" and (key := _uuid(text))]
    found = session.execute(sa.select(Order.id, Order.reference).where(Order.id.in_(keys)))
    references = {str(key): str(reference) for key, reference in found}
    return {subject: _drawn(kind, key, references.get(key, ""), may) for subject, (kind, _, key) in parts.items()}


def _drawn(kind: str, key: str, reference: str, may: Callable[[str, str], bool]) -> Markup:
    resource, endpoint = PAGES.get(kind, ("", ""))
    words = reference or WORDS.get(kind, kind.replace("_", " ").capitalize())
    if not resource or not may(resource, "read") or (kind == "order" and not reference) or not _uuid(key):
        return drawing.plain(words)
    return Markup('<a href="{}">{}</a>').format(url_for(endpoint, pk=key), words)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
