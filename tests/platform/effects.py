"""Programs for the outbox drill: our own worker and clock, with one job more and, for the clock, sudden deaths.

`python -m tests.platform.effects worker` · `python -m tests.platform.effects clock`. The first three clocks (counted in
the file DEATHS) are killed (-9) between handing their first message to the queue and committing that they did.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa

from app.services.platform import outbox_message
from jobs import clock, worker
from jobs.base import JobRun, job

TABLE = "create table effect (key text not null); grant insert, select on effect to fixnado_application"
DEATHS = 3


@job("test.effect")
def leave(run: JobRun, *, key: str) -> None:
    """One row per effect that was kept; nothing keeps a second one out but the outbox."""
    with run.finish() as session:
        session.execute(sa.text("insert into effect (key) values (:key)"), {"key": key})


class MortalDispatcher(clock.Dispatcher):
    def _enqueue(self, claim: outbox_message.Claim) -> None:
        super()._enqueue(claim)
        with Path(os.environ["DEATHS"]).open("a+b") as deaths:
            if deaths.tell() < DEATHS:
                deaths.write(b"x")
                deaths.flush()
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    clock.Dispatcher = MortalDispatcher  # type: ignore[misc]
    {"worker": worker.main, "clock": clock.main}[sys.argv[1]]()
