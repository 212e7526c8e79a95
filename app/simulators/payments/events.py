"""What happened, and whom to tell: an event and its deliveries are written with the change that caused them."""

from __future__ import annotations

from app.simulators.payments import knobs
from app.simulators.payments.store import Thing, Work, public

API_VERSION = "2026-08-26.simulated"
SHUFFLE_S = 2


def emit(work: Work, kind: str, thing: Thing, *, metadata: dict[str, str] | None = None) -> Thing:
    """Record the event with the thing as it is now, and plan its deliveries as the knobs say."""
    wishes = thing.get("metadata") or metadata or {}
    event = work.new("evt", "event", api_version=API_VERSION, type=kind, data={"object": public(thing)})
    lost = bool(knobs.value(work, "hook_lost", wishes)) or knobs.take(work, "hook_drop")
    due = work.now() + knobs.value(work, "hook_delay_s", wishes)
    family = str(thing.get("payment_intent") or thing["id"]) if knobs.value(work, "hook_shuffle", wishes) else ""
    for _ in range(max(1, knobs.value(work, "hook_copies", wishes))):
        work.rows(
            "INSERT INTO delivery (event, state, due, attempts, created) VALUES (?, ?, ?, 0, ?)",
            event["id"], "dropped" if lost else "pending", due, work.now(),
        )  # fmt: skip
        if family:
            gather(work, family, due + SHUFFLE_S)
    return event


def gather(work: Work, family: str, due: float) -> None:
    """Let the newest delivery wait together with those of its family that nobody has tried yet."""
    work.rows("INSERT INTO shuffle (delivery, family) SELECT max(id), ? FROM delivery", family)
    sql = """UPDATE delivery SET due = ? WHERE state = 'pending' AND attempts = 0
      AND id IN (SELECT delivery FROM shuffle WHERE family = ?)"""
    work.rows(sql, due, family)
