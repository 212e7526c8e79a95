"""Which cancellation ladder holds on a day: read from the dated table, brought from a file in migrations/seeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
import yaml
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.services.commerce import money
from app.services.platform import dated
from models.commerce.cancellation_policy import CancellationPolicy
from models.errors import Unavailable

SOURCE = Path(__file__).parents[3] / "migrations" / "seeds" / "cancellation_policies.yaml"


def apply(session: Session, source: Path = SOURCE) -> int:
    """Brings the rows of the file; answers how many were new. A row whose end became known gets its end."""
    return dated.bring(session, [_row(entry) for entry in yaml.safe_load(source.read_text("utf-8"))])


def on_offer(session: Session, on: date) -> list[CancellationPolicy]:
    """The ladders a listing may choose from, mildest first as they stand in the file."""
    query = sa.select(CancellationPolicy).where(CancellationPolicy.valid.contains(on))
    return sorted(session.scalars(query), key=lambda row: -sum(step["refund_bps"] for step in row.steps))


def of_code(session: Session, code: str, on: date) -> CancellationPolicy:
    """The ladder of a code on a day. Raises Unavailable when none is recorded."""
    query = sa.select(CancellationPolicy).where(CancellationPolicy.code == code, CancellationPolicy.valid.contains(on))
    found = session.scalars(query).first()
    if found is None:
        raise Unavailable(f"No cancellation policy {code} is recorded for {on:%d %B %Y}.")
    return found


def refund_bps(policy: CancellationPolicy | None, *, visit_start: datetime, now: datetime) -> int:
    """The share of the price that goes back, in basis points; without a ladder all of it until the visit."""
    if policy is None:
        return 10_000 if now < visit_start else 0
    left = visit_start - now
    steps = sorted(policy.steps, key=lambda step: -step["hours_before"])
    return next((step["refund_bps"] for step in steps if left >= timedelta(hours=step["hours_before"])), 0)


@dataclass(frozen=True, slots=True)
class Rung:
    """Who cancels until `hours` before the visit gets `bps` of the price back, basis points. A rung of zero hours ends
    where the visit begins."""

    hours: int
    bps: int

    def until(self, visit_start: datetime) -> datetime:
        """The moment this share ends for a visit; the next rung holds from then on."""
        return visit_start - timedelta(hours=self.hours)

    def back_minor(self, gross_minor: int) -> int:
        """What goes back of a price, in minor units."""
        return money.share(gross_minor, self.bps)


def rungs(policy: CancellationPolicy | None) -> list[Rung]:
    """The ladder from early to late, up to the beginning of the visit; without a ladder everything goes back."""
    if policy is None:
        return [Rung(0, money.WHOLE)]
    steps = sorted(policy.steps, key=lambda step: -step["hours_before"])
    found = [Rung(step["hours_before"], step["refund_bps"]) for step in steps]
    return found if found and not found[-1].hours else [*found, Rung(0, 0)]


def _row(entry: dict[str, Any]) -> CancellationPolicy:
    return CancellationPolicy(
        id=uuid5(NAMESPACE_URL, f"fixnado:cancellation_policy:{entry['code']}:{entry['from']}"),
        code=entry["code"],
        name=entry["name"],
        summary=entry["summary"],
        steps=entry["steps"],
        valid=Range(entry["from"], entry.get("until"), bounds="[)"),
    )
