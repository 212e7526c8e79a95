"""Processes say that they are at work."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.platform.heartbeat import Heartbeat
from models.types import utc_now


def beat(session: Session, name: str, **detail: Any) -> None:
    """Writes the time of this beat; `detail` is whatever a reader should know."""
    values = {"name": name, "at": utc_now(), "detail": detail}
    session.execute(insert(Heartbeat).values(**values).on_conflict_do_update(index_elements=["name"], set_=values))


def ages(session: Session) -> dict[str, float]:
    """Seconds since each process was last seen."""
    now = utc_now()
    return {name: (now - at).total_seconds() for name, at in session.execute(sa.select(Heartbeat.name, Heartbeat.at))}
