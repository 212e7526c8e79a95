"""From where the money stands now, does it get to the buyer, the seller or us? Nobody does anything any more but the
clock, the provider, the bank about what it has taken, and finance about refunds that could not be delivered or granted.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.oracle import chargeback, clockwork, order, refund
from tests.oracle.world import DAYS, LIVE_CASE, ORDER_OVER, Refund, Sale, Who, World

ONE, OTHER = Who("operator", 1), Who("operator", 2)
PATIENCE = 400
TO_DECIDE = 14 * DAYS
"""What people have after a slow bank; their timers come back every hour of it, and are not walked one by one."""


def joint(sale: Sale) -> tuple[Any, ...]:
    """The states of everything that belongs to a sale, in one."""
    return (
        sale.checkout.state,
        sale.order.state if sale.order else None,
        sale.hold.state if sale.hold else None,
        tuple(sorted({one.state for one in sale.refunds})),
        sale.problem.state if sale.problem else None,
        tuple(sorted({(one.state, one.taken) for one in sale.cases})),
    )


def look(world: World) -> str:
    """Empty when there is a way; otherwise what stays where it is. The world itself is left alone."""
    world = deepcopy(world)
    if any(order.late(sale, world) for sale in world.sales):
        world.now += TO_DECIDE
    for _ in range(PATIENCE):
        for sale in world.sales:
            _others_act(world, sale)
        left = unsettled(world)
        if not left:
            return ""
        timer = clockwork.next_due(world)
        if timer is None:
            return left
        world.now = max(world.now, world.timers[timer])
        clockwork.fire(world, timer)
    return unsettled(world)


def unsettled(world: World) -> str:
    """Money that is nobody's yet, and orders that go on."""
    accounts = [name for name in world.balances() if name.startswith(("escrow:", "refund:", "dispute:"))]
    orders = [f"order {one.number}" for one in world.sales if one.order and one.order.state not in ORDER_OVER]
    holds = [f"hold {one.number}" for one in world.sales if one.hold and one.hold.state != "settled"]
    problems = [f"problem {one.number}" for one in world.sales if one.problem]
    return ", ".join([*accounts, *orders, *holds, *problems])


def _others_act(world: World, sale: Sale) -> None:
    for case in sale.cases:
        if case.taken and case.state in LIVE_CASE:
            word = chargeback.Word(case.name, "won", case.amount, case.kept, None, taken=False)
            chargeback.said(world, sale, word)
            world.now += TO_DECIDE
    for row in sale.refunds:
        if row.state == "approved" and not sale.contested:
            refund.begin(world, sale, row)
        if row.state in {"submitted", "unknown"}:
            refund.said(world, sale, row, _name(row), "succeeded", row.attempts)
        elif row.state == "requested" and world.now > row.entered + 14 * DAYS:
            refund.reject(world, sale, row)
        elif row.state == "failed":
            if row.transfer_by is None:
                refund.record_transfer(sale, row, ONE)
            refund.confirm_transfer(world, sale, row, ONE if row.transfer_by == OTHER.number else OTHER)


def _name(row: Refund) -> str:
    return row.known_as or f"re_{id(row)}"
