"""How to make the provider misbehave: for a whole run, or for one request through its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.simulators.payments.errors import invalid
from app.simulators.payments.store import Work

METADATA_NAME = "simulate"


@dataclass(frozen=True, slots=True)
class Knob:
    """A number; `each` marks one that may also be set for a single payment or refund in its metadata."""

    name: str
    default: int
    meaning: str
    each: bool = False


KNOBS = (
    Knob("decline", 0, "1: every card is declined", each=True),
    Knob("authenticate", 0, "1: every card asks for the bank's confirmation", each=True),
    Knob("payment_delay_s", 0, "payments stay in processing for so many seconds", each=True),
    Knob("refund_pending", 0, "1: refunds begin as pending and settle later", each=True),
    Knob("refund_fails_late", 0, "1: refunds succeed first and fail later", each=True),
    Knob("refund_settle_s", 5, "seconds until a pending or failing refund is settled", each=True),
    Knob("hook_copies", 1, "each event is delivered so many times, at once", each=True),
    Knob("hook_delay_s", 0, "seconds before the first delivery", each=True),
    Knob("hook_lost", 0, "1: events are recorded and never delivered", each=True),
    Knob("hook_drop", 0, "the next so many events are never delivered"),
    Knob("hook_reorder", 0, "wait for so many events (at most 2 s), deliver the newest first"),
    Knob("answer_delay_ms", 0, "writes wait so long before they begin, their key in flight"),
    Knob("rate_limit", 0, "the next so many calls are answered 429"),
    Knob("error_before", 0, "the next so many writes are answered 500, and nothing was done"),
    Knob("error_after", 0, "the next so many writes are done, and answered 500"),
    Knob("timeout_after", 0, "the next so many writes are done, and their answer is held back"),
    Knob("timeout_s", 30, "how long a held back answer takes"),
)
BY_NAME = {knob.name: knob for knob in KNOBS}


def value(work: Work, name: str, metadata: Mapping[str, str] | None = None) -> int:
    """What metadata says if it says anything (`simulate`: "decline, hook_copies=3"), else the run's setting."""
    knob = BY_NAME[name]
    if knob.each and metadata:
        for part in metadata.get(METADATA_NAME, "").split(","):
            word, _, number = part.strip().partition("=")
            if word == name:
                return int(number) if number.isdigit() else 1
    return work.setting(f"knob:{name}", knob.default)


def take(work: Work, name: str) -> bool:
    """Use up one of a counted knob."""
    left = value(work, name)
    if left > 0:
        work.set(f"knob:{name}", left - 1)
    return left > 0


def turn(work: Work, wanted: Mapping[str, object]) -> None:
    """Set knobs by name; an unknown name or a negative number is refused whole."""
    for name, raw in wanted.items():
        if name not in BY_NAME or not str(raw).isdigit():
            raise invalid(f"No knob takes {name}={raw}", param=name)
        work.set(f"knob:{name}", int(str(raw)))


def current(work: Work) -> dict[str, int]:
    """Every knob as it stands."""
    return {knob.name: value(work, knob.name) for knob in KNOBS}
