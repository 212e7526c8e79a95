"""What the bank says of a contested payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tests.oracle import dispute, hold, refund
from tests.oracle.arithmetic import rounded, spread
from tests.oracle.world import LIVE_CASE, ORDER_OVER, Case, Sale, World, require


@dataclass(frozen=True)
class Word:
    """The provider's present word about a case."""

    name: str
    status: str
    amount: int
    fee: int
    due: datetime | None
    taken: bool


def said(world: World, sale: Sale, word: Word) -> None:
    """In any order, any number of times."""
    case = next((one for one in sale.cases if one.name == word.name), None)
    if case is None:
        case = Case("needs_response", world.now, word.name, word.amount, word.due)
        sale.cases.append(case)
        world.rearm(sale, "chargeback", case)
    if case.state not in LIVE_CASE:
        return
    if word.due is not None and word.due != case.due:
        case.due = word.due
        world.rearm(sale, "chargeback", case)
    if word.taken and not case.taken and word.status == "needs_response" and case.state == "under_review":
        world.become(sale, "chargeback", case, "needs_response")
    if not case.taken and (word.taken or word.status in {"won", "lost"}):
        case.taken, case.kept = True, word.fee
        world.post(**{f"dispute:{case.name}": case.amount}, dispute_fees=word.fee, psp=-(case.amount + word.fee))
        hold.freeze(world, sale)
    _ruled(world, sale, case, word)


def _ruled(world: World, sale: Sale, case: Case, word: Word) -> None:
    if word.status in {"won", "lost"} and word.fee != case.kept:
        world.post(dispute_fees=word.fee - case.kept, psp=case.kept - word.fee)
        case.kept = word.fee
    if word.status == "won":
        _won(world, sale, case)
    elif word.status == "lost":
        _lost(world, sale, case)
    elif word.status == "warning_closed":
        world.become(sale, "chargeback", case, "inquiry_closed")
    elif word.status.endswith("under_review") and case.state == "needs_response":
        world.become(sale, "chargeback", case, "under_review")


def _resume(world: World, sale: Sale, case: Case) -> None:
    """What waited for the bank is sent now."""
    for row in sale.refunds:
        if row.state == "approved":
            hold.ask_to_send(world, sale, row, f":{case.name}")


def _won(world: World, sale: Sale, case: Case) -> None:
    world.become(sale, "chargeback", case, "won")
    world.post(**{f"dispute:{case.name}": -case.amount}, psp=case.amount)
    hold.thaw(world, sale)
    dispute.open_when_late(world, sale)
    _resume(world, sale, case)


def _lost(world: World, sale: Sale, case: Case) -> None:
    """Covered by what we owed the buyer anyway, by what is held, by what the seller got, by the fee; the rest: lost."""
    world.become(sale, "chargeback", case, "lost")
    left = case.amount
    for row in sale.refunds:
        waits = row.state in {"approved", "failed"} and row.transfer_by is None
        if waits and (part := min(row.due, left)):
            refund.cover(world, sale, row, part, f"dispute:{case.name}")
            left -= part
    if sale.order is not None:
        left -= _from_hold(world, sale, case, left)
        left -= _from_seller(world, sale, case, left)
        left -= _from_fee(world, sale, case, left)
    case.loss = left
    if left:
        world.post(**{f"dispute:{case.name}": -left}, loss=left)
    hold.thaw(world, sale)
    _resume(world, sale, case)


def _from_hold(world: World, sale: Sale, case: Case, left: int) -> int:
    assert sale.order
    assert sale.hold
    covered = min(left, sale.held)
    if not covered:
        return 0
    hold.freeze(world, sale)
    hold.take(sale, hold.shares(sale, covered))
    sale.charged += covered
    world.post(**{f"escrow:{sale.number}": covered, f"dispute:{case.name}": -covered})
    world.become(sale, "escrow", sale.hold, "frozen" if sale.held else "settled")
    if not sale.held and sale.order.state not in ORDER_OVER:
        world.become(sale, "order", sale.order, "cancelled")
        hold.supersede(world, sale)
        dispute.close_with_order(world, sale)
    return covered


def _from_seller(world: World, sale: Sale, case: Case, left: int) -> int:
    rooms = [line.released - line.back for line in sale.lines]
    covered = min(left, sum(rooms))
    if covered:
        moves, _ = hold.take_back(world, sale, spread(covered, rooms))
        world.post(**moves, **{f"dispute:{case.name}": -covered})
    return covered


def _from_fee(world: World, sale: Sale, case: Case, left: int) -> int:
    net, vat = sale.fee_left
    covered = min(left, net + vat)
    if covered:
        part = vat if covered == net + vat else rounded(Fraction(covered * vat, net + vat))
        case.fee = (covered - part, part)
        world.post(**{f"dispute:{case.name}": -covered}, service_fee=covered - part, vat=part)
    return covered


def _need(sale: Sale, index: int, *states: str) -> Case:
    require(index < len(sale.cases) and sale.cases[index].state in states, "no such case")
    return sale.cases[index]


def send_evidence(world: World, sale: Sale, index: int) -> None:
    case = _need(sale, index, "needs_response")
    world.become(sale, "chargeback", case, "under_review")
    case.rounds += 1
    world.ask(f"chargeback.evidence:{case.name}:{case.rounds}")


def concede(world: World, sale: Sale, index: int) -> None:
    case = _need(sale, index, "needs_response")
    require(case.taken, "the bank only asks so far")
    world.become(sale, "chargeback", case, "under_review")
    world.ask(f"chargeback.concede:{case.name}")


def no_evidence(world: World, sale: Sale, index: int) -> None:
    world.become(sale, "chargeback", _need(sale, index, "needs_response"), "under_review")
