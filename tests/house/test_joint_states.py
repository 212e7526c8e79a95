"""Order, hold and refund together: from every combination that can come about, the money finds its way out.

Three machines move in one transaction. `STEPS` says what an order's event does to its hold and to the refund, as the
verbs of app/services/commerce do it; a walk over all combinations then finds what no single table shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from models.commerce.escrow import ESCROW, EscrowState
from models.commerce.order import ORDER, OrderState
from models.commerce.refund import REFUND, RefundState
from models.lifecycle import Machine, Move


class Joint(NamedTuple):
    order: OrderState
    escrow: EscrowState
    refund: RefundState | None


class Step(NamedTuple):
    name: str
    after: Joint
    by_itself: bool
    """A timer, the clockwork or the provider does it; no person is needed."""


S, E, R = OrderState, EscrowState, RefundState
START = Joint(S.pending_acceptance, E.held, None)
"""A capture makes order and hold in one transaction: nobody ever sees the hold pending."""
STRANDED_BY = frozenset({"cancel", "reject"})
"""Moves of a refund that no verb makes once the hold was emptied for it (guard in app/services/commerce/refund.py)."""
Steps = Callable[[Joint], Iterator[Step]]


def _follow(machine: Machine, state: E | R, *events: str) -> E | R | None:
    """Where these events lead, or None when the table has no such way."""
    for event in events:
        found = machine.find(state, event)
        if found is None:
            return None
        state = found.target  # type: ignore[assignment]
    return state


def _emptied_for_the_buyer(joint: Joint, event: str) -> tuple[E, R] | None:
    if joint.refund is not None:
        return None
    if event == "hold_ran_out":
        escrow = _follow(ESCROW, joint.escrow, "age_limit")
    elif joint.escrow is E.frozen:
        escrow = _follow(ESCROW, joint.escrow, "refund_rest_system")
    else:
        escrow = _follow(ESCROW, joint.escrow, "refund_rest")
    refund = _follow(REFUND, R.requested, "auto_approve")
    return (escrow, refund) if escrow and refund else None  # type: ignore[return-value]


def _effect(joint: Joint, move: Move) -> tuple[E, R | None] | None:
    """What an order's move does to the other two; None when the verb would be refused."""
    if move.target in {S.declined, S.expired, S.cancelled}:
        return _emptied_for_the_buyer(joint, move.event)
    if move.target is S.completed:
        thaw = ("unfreeze",) if joint.escrow is E.frozen else ()
        escrow = _follow(ESCROW, joint.escrow, *thaw, "release_rest")
    elif move.event == "open_dispute":
        escrow = joint.escrow if joint.escrow is E.frozen else _follow(ESCROW, joint.escrow, "freeze")
    elif move.event.startswith("withdrawn_") and joint.escrow is E.frozen:
        escrow = _follow(ESCROW, joint.escrow, "unfreeze")
    else:
        escrow = joint.escrow
    return (escrow, joint.refund) if escrow else None  # type: ignore[return-value]


def _alone(move: Move) -> bool:
    return move.timer is not None or bool({"system", "psp"} & {who.value for who in move.who})


def steps(joint: Joint) -> Iterator[Step]:
    """Every joint move there is from here."""
    for move in ORDER.leaving(joint.order):
        effect = _effect(joint, move)
        if effect is not None:
            yield Step(f"order.{move.event}", Joint(move.target, *effect), _alone(move))  # type: ignore[arg-type]
    alarm = ESCROW.find(joint.escrow, "age_alarm")
    if alarm:
        yield Step("escrow.age_alarm", joint._replace(escrow=alarm.target), by_itself=True)  # type: ignore[arg-type]
    if joint.refund:
        for move in REFUND.leaving(joint.refund):
            if move.event not in STRANDED_BY:
                yield Step(f"refund.{move.event}", joint._replace(refund=move.target), _alone(move))  # type: ignore[arg-type]


def reachable(start: Joint, steps: Steps) -> set[Joint]:
    found, todo = {start}, [start]
    while todo:
        for step in steps(todo.pop()):
            if step.after not in found:
                found.add(step.after)
                todo.append(step.after)
    return found


def _alone_only(steps: Steps) -> Steps:
    return lambda joint: (step for step in steps(joint) if step.by_itself)


def _is_out(joint: Joint) -> bool:
    """Nothing is held and nothing is on its way."""
    return joint.escrow in ESCROW.terminal and joint.refund in {None, R.succeeded, R.settled_manually}


def trapped(steps: Steps) -> list[Joint]:
    """Reachable combinations from which the money never gets out, whoever does whatever."""
    return sorted((j for j in reachable(START, steps) if not any(map(_is_out, reachable(j, steps)))), key=str)


ALL = sorted(reachable(START, steps), key=str)


def test_there_are_as_many_combinations_as_were_thought_through() -> None:
    """A new move makes new combinations: look at them, then change the number."""
    assert len(ALL) == 29, "\n".join(str(tuple(part and part.name for part in joint)) for joint in ALL)


def test_from_every_combination_the_money_has_a_way_out() -> None:
    assert trapped(steps) == []


@pytest.mark.parametrize("joint", ALL, ids=lambda joint: "-".join(part.name if part else "none" for part in joint))
def test_what_is_held_gets_out_even_if_nobody_ever_does_anything(joint: Joint) -> None:
    """Timers alone empty every hold: the provider's limit of 90 days does not wait for people."""
    ends = reachable(joint, _alone_only(steps))
    assert any(one.escrow in ESCROW.terminal and one.order in ORDER.terminal for one in ends)


@pytest.mark.parametrize("joint", ALL, ids=lambda joint: "-".join(part.name if part else "none" for part in joint))
def test_an_order_that_is_over_holds_nothing_and_a_hold_that_is_over_has_no_open_order(joint: Joint) -> None:
    """Invariant I5, as a property of the tables."""
    assert (joint.order in ORDER.terminal) == (joint.escrow in ESCROW.terminal)


@pytest.mark.parametrize("joint", ALL, ids=lambda joint: "-".join(part.name if part else "none" for part in joint))
def test_money_goes_one_way_only(joint: Joint) -> None:
    """Released or refunded, never both, never neither."""
    over = joint.order in ORDER.terminal
    assert (joint.refund is not None) == (over and joint.order is not S.completed)


def test_a_failed_refund_has_people_who_must_act() -> None:
    """The one place where money waits for a person: the provider would not send it back."""
    alone = _alone_only(steps)
    waiting = {joint.refund for joint in ALL if joint.refund and not any(map(_is_out, reachable(joint, alone)))}
    assert waiting == {R.failed}
    assert R.failed in dict(REFUND.owned)


def test_the_walk_sees_that_stopping_such_a_refund_would_strand_the_money() -> None:
    def careless(joint: Joint) -> Iterator[Step]:
        yield from steps(joint)
        if joint.refund is R.approved:
            yield Step("refund.cancel", joint._replace(refund=R.cancelled), by_itself=False)

    assert {joint.refund for joint in trapped(careless)} == {R.cancelled}


def test_the_walk_sees_a_hold_whose_order_ended_without_it() -> None:
    def careless(joint: Joint) -> Iterator[Step]:
        yield from steps(joint)
        if joint.escrow is E.frozen:
            yield Step("escrow.age_limit", joint._replace(escrow=E.settled), by_itself=True)

    assert trapped(careless) == []
    open_orders = [j for j in reachable(START, careless) if j.escrow is E.settled and j.order not in ORDER.terminal]
    assert open_orders, "without hold_ran_out an order would outlive its hold"
