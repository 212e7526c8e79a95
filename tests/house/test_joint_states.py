"""From every combination of order, hold, refund, problem and chargeback that can come about, the money finds its way
out: a walk over all of them finds what no single table shows."""

from __future__ import annotations

from collections.abc import Iterator

from models.commerce.chargeback import CHARGEBACK
from models.commerce.escrow import ESCROW
from models.commerce.order import ORDER
from models.commerce.refund import REFUND
from tests.house.joint_states import (
    START,
    C,
    E,
    Joint,
    R,
    S,
    Step,
    is_out,
    only,
    reachable,
    steps,
    trapped,
)

ALL = sorted(reachable(START, steps), key=str)
CLOCK = ("clock", "provider")


def test_there_are_as_many_combinations_as_were_thought_through() -> None:
    """A new move makes new combinations: look at them, then change the number."""
    assert len(ALL) == 182, "\n".join(map(str, ALL))


def test_from_every_combination_the_money_has_a_way_out() -> None:
    assert trapped(steps) == []


def test_what_is_held_gets_out_even_if_nobody_ever_does_anything() -> None:
    """Timers alone empty every hold that the bank leaves alone: the provider's limit of 90 days waits for nobody."""
    alone = only(steps, *CLOCK)
    stuck = [str(j) for j in ALL if not j.taken and not any(_over(one) for one in reachable(j, alone))]
    assert stuck == []


def test_contested_money_waits_for_the_bank_and_then_gets_out() -> None:
    """No timer moves it meanwhile; the bank's word is all that is missing."""
    contested = [j for j in ALL if j.taken and j.order not in ORDER.terminal]
    assert contested
    alone, decided = only(steps, *CLOCK), only(steps, *CLOCK, "bank")
    assert [str(j) for j in contested if any(_over(one) for one in reachable(j, alone))] == []
    assert [str(j) for j in contested if not any(_over(one) for one in reachable(j, decided))] == []
    assert {C.under_review} == {state for state, _ in CHARGEBACK.owned}


def test_an_order_that_is_over_holds_nothing_and_a_hold_that_is_over_has_no_open_order() -> None:
    """Invariant I5, as a property of the tables."""
    assert [str(j) for j in ALL if (j.order in ORDER.terminal) != (j.escrow in ESCROW.terminal)] == []


def test_a_problem_is_open_exactly_while_its_order_is_disputed() -> None:
    """Invariant I28, as a property of the tables."""
    assert [str(j) for j in ALL if (j.dispute is not None) != (j.order is S.disputed)] == []


def test_a_hold_is_frozen_as_long_as_a_problem_or_the_bank_says_so() -> None:
    live = [j for j in ALL if j.order not in ORDER.terminal]
    assert [str(j) for j in live if (j.dispute or j.taken) and j.escrow is not E.frozen] == []


def test_nothing_goes_back_before_its_order_ends() -> None:
    """The refund of these combinations is the one that empties the hold."""
    assert [str(j) for j in ALL if j.refund is not None and j.order not in ORDER.terminal] == []


def test_a_failed_refund_has_people_who_must_act() -> None:
    """The one place where money waits for a person: the provider would not send it back."""
    alone = only(steps, *CLOCK, "bank")
    waiting = {j.refund for j in ALL if j.refund and not any(map(is_out, reachable(j, alone)))}
    assert waiting <= {R.failed}
    people = only(steps, "people")
    assert all(any(map(is_out, reachable(j, people))) for j in ALL if j.refund is R.failed and not j.taken)
    assert R.failed in dict(REFUND.owned)


def test_the_walk_sees_that_stopping_such_a_refund_would_strand_the_money() -> None:
    def careless(joint: Joint) -> Iterator[Step]:
        yield from steps(joint)
        if joint.refund is R.approved:
            yield Step("refund.cancel", joint._replace(refund=R.cancelled), "people")

    assert {joint.refund for joint in trapped(careless)} == {R.cancelled}


def test_the_walk_sees_a_hold_whose_order_ended_without_it() -> None:
    def careless(joint: Joint) -> Iterator[Step]:
        yield from steps(joint)
        if joint.escrow is E.frozen:
            yield Step("escrow.age_limit", joint._replace(escrow=E.settled), "clock")

    open_orders = [j for j in reachable(START, careless) if j.escrow is E.settled and j.order not in ORDER.terminal]
    assert open_orders, "without hold_ran_out an order would outlive its hold"


def test_the_walk_sees_a_timer_that_does_not_wait_for_the_bank() -> None:
    def careless(joint: Joint) -> Iterator[Step]:
        yield from steps(joint)
        if joint.taken and joint.order is S.delivered:
            yield Step("order.lapse", joint._replace(order=S.completed, escrow=E.settled), "clock")

    contested = [j for j in reachable(START, careless) if j.taken and j.order is S.delivered]
    assert any(any(map(_over, reachable(j, only(careless, *CLOCK)))) for j in contested)


def _over(joint: Joint) -> bool:
    return joint.escrow in ESCROW.terminal and joint.order in ORDER.terminal
