"""Two arms, measured in turns: whatever else the machine does meets both, and the median of ratios forgets the rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa
from sqlalchemy.engine import Engine

Arm = Callable[[], "Cost"]
_PARTS = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one operation: milliseconds on the clock and on processors, and SQL statements (COMMIT not counted)."""

    ms: float
    cpu_ms: float
    statements: float


@dataclass(frozen=True, slots=True)
class Pair:
    """`ours` and `bare` do the same thing; `what` says it. `also` measures what has a target of its own."""

    name: str
    what: str
    ours: Arm
    bare: Arm
    also: Callable[[], dict[str, object]] = dict


def compare(pair: Pair, rounds: int) -> dict[str, object]:
    """`ratio` is how many times as long ours takes; `low` and `high` hold the middle half of the rounds."""
    pair.ours(), pair.bare()  # caches, connections, imports
    also = pair.also()
    ours: list[Cost] = []
    bare: list[Cost] = []
    for number in range(rounds):
        for arm, costs in ((pair.ours, ours), (pair.bare, bare))[:: 1 if number % 2 else -1]:
            costs.append(arm())
    ratios = [one.ms / other.ms for one, other in zip(ours, bare, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return {
        "pair": pair.name,
        "what": pair.what,
        "ratio": round(median(ratios), 2),
        "low": round(low, 2),
        "high": round(high, 2),
        "cpu_ratio": _ratio([cost.cpu_ms for cost in ours], [cost.cpu_ms for cost in bare]),
        "ours": _middle(ours),
        "bare": _middle(bare),
        "rounds": rounds,
        **also,
    }


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """The middle and the tail of many answers, in milliseconds."""
    ordered = sorted(seconds)
    at = {name: ordered[min(len(ordered) - 1, int(len(ordered) * part))] for name, part in _PARTS.items()}
    return {name: round(value * 1000, 1) for name, value in at.items()}


def _ratio(ours: list[float], bare: list[float]) -> float | None:
    return round(median(ours) / median(bare), 2) if median(bare) else None


def _middle(costs: list[Cost]) -> dict[str, float]:
    ms = median(cost.ms for cost in costs)
    return {
        "ms": round(ms, 3),
        "per_second": round(1000 / ms, 1),
        "cpu_ms": round(median(cost.cpu_ms for cost in costs), 3),
        "statements": round(median(cost.statements for cost in costs), 2),
    }


def cost(operations: int, work: Callable[[], float], *, everywhere: bool = False) -> Cost:
    """Runs `work`, which does so many operations and answers its SQL statements (all of them).

    `everywhere` counts the processors' time of all processes under the same supervisor: servers, worker, clock.
    """
    clock = _family_seconds if everywhere else time.process_time
    cpu, began = clock(), time.perf_counter()
    statements = work()
    ms, cpu_ms = (time.perf_counter() - began) * 1000, (clock() - cpu) * 1000
    return Cost(ms / operations, cpu_ms / operations, statements / operations)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What SQLAlchemy sends meanwhile, in this process."""
    seen: list[str] = []

    def saw(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", saw)
    try:
        yield seen
    finally:
        sa.event.remove(Engine, "before_cursor_execute", saw)


def _family_seconds() -> float:
    """Processor time of the supervisor and everything below it, dead children included (Linux; 10 ms steps)."""
    ticks: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile; its parent has its time
        ticks[int(entry.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    parents = {process: parent for process, (parent, _) in ticks.items()}
    ours = (spent for process, (_, spent) in ticks.items() if _descends(process, os.getppid(), parents))
    return sum(ours) / os.sysconf("SC_CLK_TCK")


def _descends(process: int, ancestor: int, parents: dict[int, int]) -> bool:
    while process > 1 and process != ancestor:
        process = parents.get(process, 0)
    return process == ancestor
