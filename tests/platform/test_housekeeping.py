"""What the clock tidies up at night."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.storage import Storage
from app.outbox import send
from app.unit_of_work import unit_of_work
from jobs.base import JobRun
from jobs.platform.outbox_message import prune
from jobs.platform.stored_file import discard_unfinished
from models.platform.outbox_message import OutboxMessage
from tests.platform.conftest import CLOCKWORK

DAY = 86_400


def test_files_left_half_written_a_day_ago_are_gone(tmp_path: Path) -> None:
    storage = Storage(tmp_path.as_uri())
    kept = storage.put_content(b"whole", "txt")
    place = next(path for path in tmp_path.iterdir() if path.name.startswith("."))
    old, young = place / "old", place / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - DAY - 1,) * 2)
    parts: Any = SimpleNamespace(storage=storage)
    discard_unfinished(JobRun(0, 0, "test", parts))
    assert (old.exists(), young.exists(), storage.exists(kept.key)) == (False, True, True)


def test_the_outbox_forgets_batch_after_batch(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        send(session, "any.job", key="open")
    parts: Any = SimpleNamespace()
    prune(JobRun(0, 0, "test", parts))
    assert scope.scalars(sa.select(OutboxMessage.key)).all() == ["open"]
