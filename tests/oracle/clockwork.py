"""Timers: each fires when due; one that is refused comes again in an hour."""

from __future__ import annotations

from datetime import timedelta

from tests.oracle import chargeback, dispute, order, refund
from tests.oracle.world import No, Timer, World

AGAIN = timedelta(hours=1)


def fire(world: World, timer: Timer) -> None:
    """Raises KeyError for a timer that nobody waits for."""
    if world.timers[timer] > world.now:
        raise AssertionError(f"{timer} is not due")
    sale = world.sales[timer.sale]
    try:
        if timer.noun == "checkout":
            order.abandoned(world, sale, "expired")
        elif timer.noun == "order":
            {"lapse": order.lapse, "hold_limit": order.hold_limit}[timer.event](world, sale)
        elif timer.noun == "escrow":
            {"age_alarm": order.age_alarm, "age_limit": order.age_limit}[timer.event](world, sale)
        elif timer.noun == "dispute":
            verb = dispute.propose_by_rule if timer.event == "propose_by_rule" else dispute.silence
            verb(world, sale)
        elif timer.noun == "chargeback":
            chargeback.no_evidence(world, sale, timer.place)
        elif timer.event == "deadline":
            refund.reject(world, sale, sale.refunds[timer.place])
        else:
            refund.no_answer(world, sale, sale.refunds[timer.place])
    except No:
        world.timers[timer] = world.now + AGAIN


def next_due(world: World) -> Timer | None:
    """The timer that is due first, if one waits."""
    return min(world.timers, key=lambda one: (world.timers[one], one), default=None)
