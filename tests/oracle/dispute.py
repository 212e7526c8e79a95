"""Problems with an order, from the report to the decision."""

from __future__ import annotations

from fractions import Fraction

from tests.oracle import hold
from tests.oracle.arithmetic import rounded
from tests.oracle.world import DAYS, Problem, Sale, Who, World, require

TWO_PEOPLE_ABOVE = 500_00
OPENERS = {
    "accepted": {"buyer", "seller", "operator"},
    "in_progress": {"buyer", "seller", "operator"},
    "delivered": {"buyer", "operator"},
}
PARTIES = {"buyer", "seller"}


def report(world: World, sale: Sale, who: Who) -> None:
    state = sale.order.state if sale.order else ""
    require(who.kind in OPENERS.get(state, set()), "this party cannot report a problem now")
    assert sale.order is not None
    require(state != "accepted" or world.now >= sale.visit[0], "the visit has not begun")
    require(state != "delivered" or world.now < sale.order.entered + 14 * DAYS, "too late to object")
    world.become(sale, "order", sale.order, "disputed")
    begin(world, sale, who.kind, state)


def begin(world: World, sale: Sale, kind: str, opened_from: str) -> None:
    """The hold is frozen as long as it is open."""
    hold.freeze(world, sale)
    row = Problem("open", world.now, kind, opened_from, sale.held > TWO_PEOPLE_ABOVE, spoke={kind})
    sale.problems.append(row)
    world.rearm(sale, "dispute", row)


def open_when_late(world: World, sale: Sale) -> None:
    """From day 85 on, delivered work whose fourteen days would end after day 89 is decided by people."""
    order, captured = sale.order, sale.captured
    if order is None or captured is None or order.state != "delivered" or world.now < captured + 85 * DAYS:
        return
    if order.entered + 14 * DAYS > captured + 89 * DAYS:
        world.become(sale, "order", order, "disputed")
        begin(world, sale, "system", "delivered")


def _live(sale: Sale, *states: str) -> Problem:
    row = sale.problem
    require(row is not None and (not states or row.state in states), "there is no such problem")
    assert row is not None
    return row


def _become(world: World, sale: Sale, row: Problem, state: str) -> None:
    world.become(sale, "dispute", row, state)


def respond(world: World, sale: Sale, who: Who) -> None:
    row = _live(sale, "open")
    require(who.kind in PARTIES and who.kind != row.opened_by, "the other side answers")
    row.spoke.add(who.kind)
    _become(world, sale, row, "under_review")


def take_up(world: World, sale: Sale) -> None:
    _become(world, sale, _live(sale, "open"), "under_review")


def add(sale: Sale, who: Who) -> None:
    _live(sale).spoke.add(who.kind)


def withdraw(world: World, sale: Sale, who: Who) -> None:
    """The order goes on from where it was, its clock from now."""
    row = _live(sale)
    require(who.kind == row.opened_by, "only who reported it")
    assert sale.order is not None
    _become(world, sale, row, "withdrawn")
    world.become(sale, "order", sale.order, row.opened_from)
    hold.thaw(world, sale)
    open_when_late(world, sale)


def request_info(world: World, sale: Sale, party: str) -> None:
    row = _live(sale, "under_review")
    row.asked = party
    row.spoke.add("operator")
    _become(world, sale, row, "awaiting_info")


def provide(world: World, sale: Sale, who: Who) -> None:
    row = _live(sale, "awaiting_info")
    require(who.kind == row.asked, "the other side was asked")
    row.asked = None
    row.spoke.add(who.kind)
    _become(world, sale, row, "under_review")


def _may_propose(row: Problem) -> None:
    require(row.two_people or row.proposals < 3, "three proposals were made")


def _proposed(world: World, sale: Sale, row: Problem, buyer: int, who: Who) -> None:
    row.proposals += 1
    row.proposed, row.proposer, row.agreed = buyer, who.number or None, set()
    row.proposed_of = sale.held
    row.spoke.add(who.kind)
    _become(world, sale, row, "proposed")


def propose(world: World, sale: Sale, who: Who, buyer: int) -> None:
    row = _live(sale, "under_review")
    require(0 <= buyer <= sale.held, "not held")
    _may_propose(row)
    _proposed(world, sale, row, buyer, who)


def propose_by_rule(world: World, sale: Sale) -> None:
    """Who never spoke loses; two who stand against each other get half each."""
    row = _live(sale, "under_review")
    _may_propose(row)
    half = rounded(Fraction(sale.held, 2))
    spoke = row.spoke & PARTIES
    buyer = {frozenset({"buyer"}): sale.held, frozenset({"seller"}): 0}.get(frozenset(spoke), half)
    _proposed(world, sale, row, buyer, Who("system"))


def agree(world: World, sale: Sale, who: Who, version: int) -> None:
    row = _live(sale, "proposed")
    require(version == row.proposals, "another proposal")
    require(who.kind in PARTIES and who.kind not in row.agreed, "agreed already")
    assert row.proposed is not None
    require(row.proposed_of == sale.held, "less is held now")
    both = row.agreed | {who.kind} == PARTIES
    if both:
        require(not sale.contested, "the bank has the money")
    row.agreed.add(who.kind)
    row.spoke.add(who.kind)
    _become(world, sale, row, "proposed")
    if both:
        _become(world, sale, row, "decided_split")
        _carry_out(world, sale, row.proposed, fee=False)


def reject(world: World, sale: Sale, who: Who) -> None:
    row = _live(sale, "proposed")
    require(who.kind in PARTIES, "not a party")
    row.spoke.add(who.kind)
    _become(world, sale, row, "under_review")


def decide(world: World, sale: Sale, who: Who, buyer: int, *, fee: bool) -> None:
    row = _live(sale, "under_review", "proposed")
    require(0 <= buyer <= sale.held, "not held")
    require(buyer or not fee, "the fee goes back only with money")
    require(not (fee and row.two_people) or buyer == sale.held, "the fee only with everything")
    if row.two_people:
        require(row.proposer is not None and row.proposed == buyer, "two people decide: one proposes these figures")
        require(row.proposer != who.number, "two people decide: another one than the proposer")
    require(not sale.contested, "the bank has the money")
    end = "refund" if buyer == sale.held else "split" if buyer else "release"
    _become(world, sale, row, f"decided_{end}")
    _carry_out(world, sale, buyer, fee=fee)


def _carry_out(world: World, sale: Sale, buyer: int, *, fee: bool) -> None:
    assert sale.order is not None
    world.become(sale, "order", sale.order, "cancelled" if buyer == sale.held else "completed")
    hold.divide(world, sale, buyer, "dispute_decided", sale.fee_left if fee else (0, 0))


def silence(world: World, sale: Sale) -> None:
    row = _live(sale, "open", "awaiting_info", "proposed")
    row.asked = None
    row.spoke.add("system")
    _become(world, sale, row, "under_review")


def close_with_order(world: World, sale: Sale) -> None:
    if row := sale.problem:
        _become(world, sale, row, "closed_by_order")
