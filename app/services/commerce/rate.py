"""Which rate holds on a day: read from the dated table, brought from migrations/seeds/rates.yaml."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
import yaml
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.services.platform import dated
from models.commerce.rate import Rate, RateKind
from models.errors import Unavailable

SOURCE = Path(__file__).parents[3] / "migrations" / "seeds" / "rates.yaml"


def apply(session: Session, source: Path = SOURCE) -> int:
    """Brings the rows of the file; answers how many were new. A row whose end became known gets its end."""
    return dated.bring(session, [_row(entry) for entry in yaml.safe_load(source.read_text("utf-8"))])


def vat_bps(session: Session, category: str, on: date, jurisdiction: str = "GB") -> int:
    """VAT in basis points. Raises Unavailable when no rate is recorded for that day."""
    return int(_one(session, RateKind.vat, category, on, jurisdiction).bps or 0)


def commission_bps(session: Session, kind: str, on: date, jurisdiction: str = "GB") -> int:
    """Our commission on the net price of a kind of listing, in basis points. Raises Unavailable."""
    return int(_one(session, RateKind.commission, kind, on, jurisdiction).bps or 0)


def buyer_fee(session: Session, currency: str, on: date, jurisdiction: str = "GB") -> int:
    """The buyer's fee per order in minor units, VAT included. Raises Unavailable, also for another currency."""
    row = _one(session, RateKind.buyer_fee, "order", on, jurisdiction)
    if row.currency != currency:
        raise Unavailable(f"No order fee is set in {currency}.")
    return int(row.amount_minor or 0)


def two_person_limit(session: Session, currency: str, on: date, jurisdiction: str = "GB") -> int:
    """Above so much held, two people decide about it. Minor units. Raises Unavailable, also for another currency."""
    row = _one(session, RateKind.two_person_limit, "hold", on, jurisdiction)
    if row.currency != currency:
        raise Unavailable(f"No two-person limit is set in {currency}.")
    return int(row.amount_minor or 0)


def _one(session: Session, kind: RateKind, category: str, on: date, jurisdiction: str) -> Rate:
    found = session.scalars(
        sa.select(Rate).where(
            Rate.kind == kind, Rate.jurisdiction == jurisdiction, Rate.category == category, Rate.valid.contains(on)
        )
    ).first()
    if found is None:
        raise Unavailable(f"No {kind.value} rate is recorded for {category} on {on:%d %B %Y}.")
    return found


def _row(entry: dict[str, Any]) -> Rate:
    name = f"{entry['kind']}:{entry['jurisdiction']}:{entry['category']}:{entry['from']}"
    return Rate(
        id=uuid5(NAMESPACE_URL, f"fixnado:rate:{name}"),
        kind=RateKind[entry["kind"]],
        jurisdiction=entry["jurisdiction"],
        category=entry["category"],
        bps=entry.get("bps"),
        amount_minor=entry.get("amount"),
        currency=entry.get("currency"),
        valid=Range(entry["from"], entry.get("until"), bounds="[)"),
        source=entry["source"],
    )
