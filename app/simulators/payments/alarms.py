"""Things that happen later by the simulator's clock."""

from __future__ import annotations

from app.simulators.payments import intents, refunds
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Store, Work


def ring(store: Store, settings: Settings) -> None:
    """Do everything that is due, each with its alarm removed in the same transaction."""
    with store.work() as work:
        due = [row["id"] for row in work.rows("SELECT id FROM alarm WHERE due <= ? ORDER BY due", work.now())]
    for alarm in due:
        with store.work() as work:
            happen(work, alarm, settings)


def happen(work: Work, alarm: int, settings: Settings) -> None:
    """One alarm; each of its verbs does nothing when the thing has moved on."""
    row = work.rows("DELETE FROM alarm WHERE id = ? RETURNING verb, thing", alarm)[0]
    if row["verb"] == "payment":
        intent = work.get("payment_intent", row["thing"])
        if intent["status"] == "processing":
            intents.succeed(work, intent, settings)
    elif row["verb"] == "refund":
        refunds.succeed(work, work.get("refund", row["thing"]))
    elif row["verb"] == "refund_fails":
        refunds.fail(work, work.get("refund", row["thing"]))
