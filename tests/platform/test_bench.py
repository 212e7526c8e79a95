"""The bench compares two arms round by round, so a slow moment meets both."""

from __future__ import annotations

from itertools import cycle

import sqlalchemy as sa

from tools.bench.paired import Cost, Pair, compare, cost, statements


def test_the_ratio_is_the_median_of_the_rounds_and_not_of_the_means() -> None:
    slow = cycle([1, 1, 100])  # a moment in which the machine does something else, for both arms

    def arm(times: float, moments: list[float]) -> Cost:
        moments.append(next(slow) if not moments or len(moments) % 2 == 0 else moments[-1])
        return Cost(ms=10 * times * moments[-1], cpu_ms=times, statements=times)

    moments: list[float] = []
    result = compare(Pair("x", "y", lambda: arm(3, moments), lambda: arm(1, moments)), rounds=9)
    assert result["ratio"] == 3
    assert result["cpu_ratio"] == 3
    assert result["rounds"] == 9


def test_the_arms_take_turns_in_going_first() -> None:
    seen = ""

    def arm(name: str) -> Cost:
        nonlocal seen
        seen += name
        return Cost(1, 1, 1)

    compare(Pair("x", "y", lambda: arm("o"), lambda: arm("b")), rounds=4)
    assert seen == "ob" + "boobboob"


def test_costs_are_per_operation_and_statements_are_counted() -> None:
    engine = sa.create_engine("sqlite://")

    def work() -> float:
        with statements() as sent, engine.connect() as connection:
            for _ in range(6):
                connection.execute(sa.text("SELECT 1"))
        return len(sent)

    measured = cost(3, work)
    assert measured.statements == 2
    assert 0 < measured.cpu_ms < 1000
    assert cost(1, work, everywhere=True).cpu_ms >= 0
