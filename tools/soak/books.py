"""What must be true afterwards: our books against the provider's own, and a way on for everything that is not over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from jobs.base import load_all
from models.base import Base
from models.lifecycle import Lifecycle
from tools.soak.world import World

PAYMENTS = """select p.intent_id, p.captured_minor,
 (select count(*) from journal_entry e where e.idem_key = 'order.captured:' || p.id::text),
 (select count(*) from sales_order o where o.checkout_id = p.checkout_id),
 (select count(*) from refund r where r.payment_id = p.id and r.cause = 'late_capture')
 from payment p where p.intent_id is not null"""
REFUNDS = """select p.intent_id, r.id::text, r.provider_refund_id, r.amount_minor, r.state
 from refund r join payment p on p.id = r.payment_id"""
CLEARING = "select coalesce(sum(p.amount), 0) from posting p join account a on a.id = p.account_id where a.code like %s"
ENTRIES = """select event, subject, count(*) from journal_entry where event = any(%s)
 group by event, subject having count(*) > 1"""
DEAD = "select job, key, last_error from outbox_message where dead_at is not null"
INBOX = "select state, count(*) from webhook_inbox where state in ('received', 'deferred', 'dead') group by state"
OPEN_ORDERS = """select reference, state from sales_order
 where state not in ('completed', 'cancelled', 'declined', 'expired')"""
HELD = """select a.code, -sum(p.amount) from posting p join account a on a.id = p.account_id
 where a.code like 'escrow:%%' group by a.code having sum(p.amount) <> 0"""
MOVES = """select count(*) from transition t join sales_order o on o.id = t.subject_id
 where t.machine = 'order' and o.reference = %s and t.event = %s"""
MONEY_IS_MADE = {"succeeded"}


def faults(world: World, kept: Iterable[tuple[str, str]]) -> list[str]:
    """Everything that does not hold, a line each. `kept`: (order, move) that somebody was told had worked."""
    return [
        *_captures(world),
        *_refunds(world),
        *_clearing(world),
        *_stuck(world),
        *_lost(world, kept),
    ]


def still_open(world: World) -> list[str]:
    """Orders that no timer and nobody has brought to an end, and money that still lies in a hold."""
    found = [f"{reference} is still {state}" for reference, state in world.ask(OPEN_ORDERS)]
    return found + [f"{code} still holds {amount}" for code, amount in world.ask(HELD)]


def _captures(world: World) -> Iterator[str]:
    """Taken at the provider exactly when it is in our books, once, for one order or one late refund."""
    ours = {intent: rest for intent, *rest in world.ask(PAYMENTS)}
    for intent in world.provider_things("payment_intent"):
        taken = intent["amount_received"] if intent["status"] in MONEY_IS_MADE else 0
        captured, entries, orders, late = ours.get(intent["id"], (0, 0, 0, 0))
        if taken != captured:
            yield f"{intent['id']}: the provider took {taken}, our payment says {captured}"
        if (entries, orders + late) != ((1, 1) if taken and not late else (0, 1) if taken else (0, 0)):
            yield f"{intent['id']}: {entries} captures booked, {orders} orders, {late} late refunds"


def _refunds(world: World) -> Iterator[str]:
    """Each refund was made once; what the provider sent back of a payment is what we say it did."""
    theirs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in world.provider_things("refund"):
        theirs[one["payment_intent"]].append(one)
    ours: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for intent, *rest in world.ask(REFUNDS):
        ours[intent].append(tuple(rest))
    for intent in theirs.keys() | ours.keys():
        sent = sum(one["amount"] for one in theirs[intent] if one["status"] == "succeeded")
        said = sum(amount for _, _, amount, state in ours[intent] if state == "succeeded")
        if sent != said:
            yield f"{intent}: the provider refunded {sent}, our refunds that succeeded say {said}"
        alive = Counter(
            one["metadata"].get("reference") for one in theirs[intent] if one["status"] not in {"failed", "canceled"}
        )
        known = {refund_id for refund_id, *_ in ours[intent]}
        for reference, count in alive.items():
            if count > 1 or reference not in known:
                yield f"{intent}: {count} refunds at the provider under our reference {reference}"


def _clearing(world: World) -> Iterator[str]:
    """Our account of the provider's balance, and the provider's."""
    said = world.ask(CLEARING, "psp:%:clearing")[0][0]
    theirs = sum(one["net"] for one in world.provider_things("balance_transaction"))
    if said != theirs:
        yield f"the provider's balance is {theirs}, our ledger says {said}"
    for event, subject, count in world.ask(ENTRIES, ["order.captured", "psp.fee"]):
        yield f"{event} was booked {count} times for {subject}"


def _stuck(world: World) -> Iterator[str]:
    """Neither over, nor with a timer that waits, nor in somebody's queue."""
    load_all()
    for noun in {mapper.class_ for mapper in Base.registry.mappers}:
        if not issubclass(noun, Lifecycle):
            continue
        machine, table = noun.machine, noun.__tablename__
        people = {state.name for state, owner in machine.owned if not owner.startswith("clockwork: ")}
        at_rest = sorted({state.name for state in machine.terminal} | people)
        question = f"""select id::text, state from {table} n where not state = any(%s) and not exists
         (select from timer t where t.machine = %s and t.subject_id = n.id and t.state = 'waiting')"""  # noqa: S608
        for identity, state in world.ask(question, at_rest, machine.name):
            yield f"{machine.name} {identity} is {state} with no timer and no owner"


def _lost(world: World, kept: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What was promised is there, as often as it was promised; no message died."""
    for (reference, event), times in Counter(kept).items():
        made = world.ask(MOVES, reference, event)[0][0]
        if made < times:
            yield f"{reference}: {event} was answered with success {times} times, and made {made} times"
    for job, key, error in world.ask(DEAD):
        yield f"dead letter {job} {key}: {error[:200]}"
    for state, count in world.ask(INBOX):
        yield f"{count} webhooks are {state}"
