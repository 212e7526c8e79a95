"""How to make the provider misbehave: for a whole run, or for one request through its metadata or a header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.simulators.payments.errors import invalid
from app.simulators.payments.store import Work

METADATA_NAME = "simulate"
HEADER_NAME = "Simulate"


@dataclass(frozen=True, slots=True)
class Knob:
    """A number. `each` says for what single thing it may be set too: "thing" for a payment or refund in its metadata,
    "call" for one call to the API in the metadata it sends or in a header, "" for neither."""

    name: str
    default: int
    meaning: str
    each: str = ""


KNOBS = (
    Knob("decline", 0, "1: every card is declined", each="thing"),
    Knob("authenticate", 0, "1: every card asks for the bank's confirmation", each="thing"),
    Knob("payment_delay_s", 0, "payments stay in processing for so many seconds", each="thing"),
    Knob(
        "authorisation_s", 7 * 86_400, "seconds until money that was reserved and not captured is let go", each="thing"
    ),
    Knob("refund_pending", 0, "1: refunds begin as pending and settle later", each="thing"),
    Knob("refund_fails_late", 0, "1: refunds succeed first and fail later", each="thing"),
    Knob("refund_settle_s", 5, "seconds until a pending or failing refund is settled", each="thing"),
    Knob("dispute", 0, "1: payments are disputed. 2: the bank only inquires", each="thing"),
    Knob("dispute_delay_s", 0, "seconds from the payment to its dispute", each="thing"),
    Knob("dispute_due_s", 7 * 86_400, "seconds to answer a dispute; after that it is lost", each="thing"),
    Knob("dispute_outcome", 0, "when evidence was sent. 0: the bank is silent. 1: won. 2: lost", each="thing"),
    Knob("dispute_decide_s", 5, "seconds from the evidence to that outcome", each="thing"),
    Knob("dispute_fee_back", 0, "1: who wins a dispute gets its fee back", each="thing"),
    Knob("hook_copies", 1, "each event is delivered so many times, at once", each="thing"),
    Knob("hook_delay_s", 0, "seconds before the first delivery", each="thing"),
    Knob("hook_lost", 0, "1: events are recorded and never delivered", each="thing"),
    Knob("hook_shuffle", 0, "1: the events of a payment gather for 2 s, the newest is delivered first", each="thing"),
    Knob("hook_drop", 0, "the next so many events are never delivered"),
    Knob("hook_reorder", 0, "wait for so many events (at most 2 s), deliver the newest first"),
    Knob("answer_delay_ms", 0, "writes wait so long before they begin, their key in flight", each="call"),
    Knob("rate_limit", 0, "the next so many calls are answered 429", each="call"),
    Knob("error_before", 0, "the next so many writes are answered 500, and nothing was done", each="call"),
    Knob("error_after", 0, "the next so many writes are done, and answered 500", each="call"),
    Knob("timeout_after", 0, "the next so many writes are done, and their answer is held back", each="call"),
    Knob("timeout_s", 30, "how long a held back answer takes", each="call"),
    Knob("key_keeps_s", 86_400, "seconds until an idempotency key is forgotten"),
)
BY_NAME = {knob.name: knob for knob in KNOBS}


def wished(name: str, metadata: Mapping[str, str] | None) -> int | None:
    """What `simulate` in the metadata says of the knob ("decline, hook_copies=3"); None when it says nothing."""
    if BY_NAME[name].each and metadata:
        for part in str(metadata.get(METADATA_NAME, "")).split(","):
            word, _, number = part.strip().partition("=")
            if word == name:
                return int(number) if number.isdigit() else 1
    return None


def value(work: Work, name: str, metadata: Mapping[str, str] | None = None) -> int:
    """What metadata says if it says anything, else the run's setting."""
    wish = wished(name, metadata)
    return work.setting(f"knob:{name}", BY_NAME[name].default) if wish is None else wish


def take(work: Work, name: str, metadata: Mapping[str, str] | None = None, call: str = "") -> bool:
    """Use up one of a counted knob. A wish is counted per `call`, so the same call may be tried until it works."""
    wish = wished(name, metadata)
    if wish is None:
        left = value(work, name)
        if left > 0:
            work.set(f"knob:{name}", left - 1)
        return left > 0
    used = work.setting(f"used:{name}:{call}", 0)
    if used < wish:
        work.set(f"used:{name}:{call}", used + 1)
    return used < wish


def turn(work: Work, wanted: Mapping[str, object]) -> None:
    """Set knobs by name; an unknown name or a negative number is refused whole."""
    for name, raw in wanted.items():
        if name not in BY_NAME or not str(raw).isdigit():
            raise invalid(f"No knob takes {name}={raw}", param=name)
        work.set(f"knob:{name}", int(str(raw)))


def current(work: Work) -> dict[str, int]:
    """Every knob as it stands."""
    return {knob.name: value(work, knob.name) for knob in KNOBS}
