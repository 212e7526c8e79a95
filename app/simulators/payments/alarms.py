"""Things that happen later by the simulator's clock."""

from __future__ import annotations

from app.simulators.payments import claims, intents, refunds, verdicts
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Store, Thing, Work

KIND_OF = {
    "payment": "payment_intent",
    "authorisation": "payment_intent",
    "dispute": "payment_intent",
    "refund": "refund",
    "refund_fails": "refund",
    "dispute_due": "dispute",
    "dispute_decided": "dispute",
}


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
    verb, thing = row["verb"], work.get(KIND_OF[row["verb"]], row["thing"])
    if verb == "payment" and thing["status"] == "processing":
        intents.accept(work, thing, settings)
    elif verb == "authorisation":
        intents.expire(work, thing)
    elif verb == "refund":
        refunds.succeed(work, thing)
    elif verb == "refund_fails":
        refunds.fail(work, thing)
    else:
        of_dispute(work, verb, thing, settings)


def of_dispute(work: Work, verb: str, thing: Thing, settings: Settings) -> None:
    """The bank's own doing."""
    if verb == "dispute":
        claims.arrive(work, thing, settings)
    elif verb == "dispute_due":
        verdicts.lapse(work, thing)
    elif verb == "dispute_decided" and thing["status"] in {"under_review", "warning_under_review"}:
        verdicts.decide(work, thing, thing["_outcome"], settings)
