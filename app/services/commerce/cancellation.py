"""How long a consumer may cancel without a reason (Consumer Contracts Regulations 2013, reg. 30)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = 14


def period_ends(contract_at: datetime, zone: str) -> datetime:
    """The end of the fourteenth local day after the day of the contract, which is the midnight that follows it."""
    local = ZoneInfo(zone)
    last = contract_at.astimezone(local).date() + timedelta(days=DAYS + 1)
    return datetime.combine(last, time(), tzinfo=local)
