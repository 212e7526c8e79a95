"""Whether everything that was begun has come to rest: nothing waits for a program, only for people or for a date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

import psycopg

from tools.soak.world import World

OPEN = """select count(*) from outbox_message where done_at is null and dead_at is null
 and key not like 'job:%%'"""
UNSEALED = "select count(*) from unsealed"
DUE = """select count(*) from timer where state = 'waiting'
 and due_at < now() + make_interval(secs => coalesce((select seconds from clock_shift), 0))"""
PAYMENTS = "select intent_id, captured_at is not null, fee_minor is not null, voided_at is not null from payment"
REFUNDS = """select id::text, provider_refund_id, state from refund r
 where state <> 'approved' or not exists (select from chargeback c where c.payment_id = r.payment_id
  and c.withdrawn_at is not null and c.closed_at is null)"""
"""But for what rightly waits: an approved refund is not sent while the customer's bank has the money."""
DISPUTES = "select provider_dispute_id, state from chargeback"
DECIDED = {"won": "won", "lost": "lost", "warning_closed": "inquiry_closed"}
IN_HAND = {"approved", "submitted", "unknown"}
FINAL = {"succeeded", "failed", "canceled"}
IN_A_ROW = 3
"""So often it must look calm, a second apart: a job that ends may have asked for another."""


def wait(world: World, seconds: float, say: Callable[[str], None]) -> list[str]:
    """Waits; what still moves when the time is up, a line each."""
    told = time.monotonic()
    end, calm, left = time.monotonic() + seconds, 0, ["nothing was asked yet"]
    while calm < IN_A_ROW and time.monotonic() < end:
        try:
            left = _moving(world)
        except (psycopg.Error, sqlite3.Error) as error:
            left = [f"a database does not answer: {str(error).strip().splitlines()[0]}"]
        calm = 0 if left else calm + 1
        if left and time.monotonic() > told + 30:
            told = time.monotonic()
            say(f"not yet: {'; '.join(left[:4])}")
        time.sleep(1)
    return left


def _moving(world: World) -> list[str]:
    if not world.ready():
        return ["the product is not ready"]
    counts = {
        "outbox messages are open": world.ask(OPEN)[0][0],
        "rows wait for their seal": world.ask(UNSEALED)[0][0],
        "timers are due": world.ask(DUE)[0][0],
        "webhooks wait to be delivered": world.deliveries_waiting(),
    }
    found = [f"{count} {what}" for what, count in counts.items() if count]
    return found or _unheard(world)


def _unheard(world: World) -> list[str]:
    """What the provider has decided and our side does not know yet; the sweep asks, within minutes."""
    intents = {one["id"]: one["status"] for one in world.provider_things("payment_intent")}
    found = []
    for intent_id, captured, charged, voided in world.ask(PAYMENTS):
        status = intents.get(intent_id, "unknown")
        if (status == "succeeded" and not (captured and charged)) or (status == "canceled" and not voided):
            found.append(f"payment {intent_id} is {status} at the provider and we have not heard")
    refunds = {one["id"]: one["status"] for one in world.provider_things("refund")}
    for refund_id, provider_id, state in world.ask(REFUNDS):
        if state in IN_HAND and refunds.get(provider_id, "succeeded") in FINAL:
            found.append(f"refund {refund_id} is {state}, and {refunds.get(provider_id, 'not known')} at the provider")
    return found + _unheard_disputes(world)


def _unheard_disputes(world: World) -> list[str]:
    ours = dict(world.ask(DISPUTES))
    return [
        f"dispute {one['id']} is {one['status']} at the provider, and {ours.get(one['id'], 'not known')} here"
        for one in world.provider_things("dispute")
        if (one["status"] in DECIDED and ours.get(one["id"]) != DECIDED[one["status"]]) or one["id"] not in ours
    ]
