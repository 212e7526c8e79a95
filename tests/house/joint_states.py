"""Order, hold, refund, problem and chargeback move together in one transaction: what each move does to all of them.

`steps` says it as the verbs of app/services/commerce do it. A problem that is over and a case that is decided are None
again: another may follow. `taken` means that the bank has the money and has not decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from models.commerce.chargeback import CHARGEBACK, ChargebackState
from models.commerce.dispute import DISPUTE, DisputeState
from models.commerce.escrow import ESCROW, EscrowState
from models.commerce.order import ORDER, OrderState
from models.commerce.refund import REFUND, RefundState
from models.lifecycle import Machine, Move

S, E, R, D, C = OrderState, EscrowState, RefundState, DisputeState, ChargebackState


class Joint(NamedTuple):
    order: OrderState
    escrow: EscrowState
    refund: RefundState | None = None
    dispute: DisputeState | None = None
    case: ChargebackState | None = None
    taken: bool = False

    def __str__(self) -> str:
        parts = (part.name if part else "none" for part in self[:5])
        return "-".join((*parts, "taken")) if self.taken else "-".join(parts)


class Step(NamedTuple):
    name: str
    after: Joint
    by: str
    """Who: `clock`, `provider`, `bank`, or `people`."""


Steps = Callable[[Joint], Iterator[Step]]
START = Joint(S.pending_acceptance, E.held)
"""A capture makes order and hold in one transaction: nobody ever sees the hold pending."""
CONTESTED = frozenset(
    {
        "accept", "decline", "cancel", "lapse", "start", "accept_delivery", "hold_limit", "hold_ran_out",
        "resolve_complete", "resolve_cancel",
    }
)  # fmt: skip
"""Moves of an order that wait for the bank while it has the money."""
BOUND = frozenset({"hold_alarm", "charged_back", "resolve_complete", "resolve_cancel"})
"""Moves of an order that only come with a move of another machine; so do those that withdraw a problem."""
NOBODYS = frozenset({"cancel", "reject", "charged_back", "charged_back_part", "to_wallet"})
"""Moves of a refund that left its hold which no verb makes, or only with the bank's word."""


def _to(machine: Machine, state: Any, *events: str) -> Any:
    """Where these events lead, or None when the table has no such way."""
    for event in events:
        found = machine.find(state, event)
        if found is None:
            return None
        state = found.target
    return state


def _end(move: Move) -> Any:
    return move.target


def _by(move: Move) -> str:
    kinds = {one.value for one in move.who}
    if move.timer is not None or "system" in kinds:
        return "clock"
    return "provider" if "psp" in kinds else "people"


def _emptied(joint: Joint, *, event: str = "") -> Iterator[Joint]:
    """All of a hold goes back, in one refund that is approved at once."""
    event = event or ("refund_rest_system" if joint.escrow is E.frozen else "refund_rest")
    escrow = _to(ESCROW, joint.escrow, event)
    if escrow and joint.refund is None:
        yield joint._replace(escrow=escrow, refund=_to(REFUND, R.requested, "auto_approve"), dispute=None)


def _divided(joint: Joint) -> Iterator[Joint]:
    """All back, some back, or nothing back; a frozen hold is split."""
    frozen = joint.escrow is E.frozen
    rest = _to(ESCROW, joint.escrow, "split" if frozen else "release_rest")
    if rest:
        for refund in (R.approved, None):
            yield joint._replace(escrow=rest, refund=refund, dispute=None)


def _released(joint: Joint) -> Iterator[Joint]:
    events = ("unfreeze", "release_rest") if joint.escrow is E.frozen else ("release_rest",)
    escrow = _to(ESCROW, joint.escrow, *events)
    if escrow:
        yield joint._replace(escrow=escrow)


def _frozen(joint: Joint) -> Joint:
    return joint._replace(escrow=_to(ESCROW, joint.escrow, "freeze")) if joint.escrow is E.held else joint


def _thawed(joint: Joint) -> Iterator[Joint]:
    """Held again, unless a problem or the bank keeps it frozen; its age may in any case."""
    yield joint
    if joint.escrow is E.frozen and joint.dispute is None and not joint.taken:
        yield joint._replace(escrow=_to(ESCROW, joint.escrow, "unfreeze"))


def _order_steps(joint: Joint) -> Iterator[Step]:
    for move in ORDER.leaving(joint.order):
        if move.event in BOUND or move.event.startswith("withdrawn_") or (joint.taken and move.event in CONTESTED):
            continue
        moved = joint._replace(order=_end(move))
        if move.event == "cancel":
            found = [*_divided(moved), *_emptied(moved)]
        elif move.event == "hold_ran_out":
            found = list(_emptied(moved, event="age_limit"))
        elif move.target in {S.declined, S.expired, S.cancelled}:
            found = list(_emptied(moved))
        elif move.target is S.completed:
            found = list(_released(moved))
        elif move.target is S.disputed:
            found = [_frozen(moved)._replace(dispute=D.open)]
        else:
            found = [moved]
        for after in found:
            yield Step(f"order.{move.event}", after, _by(move))


def _escrow_steps(joint: Joint) -> Iterator[Step]:
    if alarm := _to(ESCROW, joint.escrow, "age_alarm"):
        after = joint._replace(escrow=alarm)
        yield Step("escrow.age_alarm", after, "clock")
        if joint.order is S.delivered:
            yield Step("order.hold_alarm", after._replace(order=S.disputed, dispute=D.open), "clock")


def _refund_steps(joint: Joint) -> Iterator[Step]:
    for move in REFUND.leaving(joint.refund) if joint.refund else ():
        waits = joint.taken and move.event == "submit"
        if move.event not in NOBODYS and not waits:
            by = "provider" if move.source in {R.approved, R.unknown} else _by(move)
            yield Step(f"refund.{move.event}", joint._replace(refund=_end(move)), by)


def _dispute_steps(joint: Joint) -> Iterator[Step]:
    for move in DISPUTE.leaving(joint.dispute) if joint.dispute else ():
        if move.event == "withdraw":
            for back in (S.accepted, S.in_progress, S.delivered):
                for after in _thawed(joint._replace(dispute=None, order=back)):
                    yield Step("dispute.withdraw", after, "people")
        elif move.event.startswith("decide_") or move.event == "accept_both":
            if not joint.taken:
                for after in _divided(joint):
                    for event in ("resolve_complete", *(("resolve_cancel",) if after.refund else ())):
                        ended = after._replace(order=_to(ORDER, joint.order, event))
                        yield Step(f"dispute.{move.event}", ended, "people")
        elif move.event != "order_closed":
            yield Step(f"dispute.{move.event}", joint._replace(dispute=_end(move)), _by(move))


def _case_steps(joint: Joint) -> Iterator[Step]:
    if joint.case is None:
        yield Step("bank.inquires", joint._replace(case=C.needs_response), "bank")
        yield Step("bank.takes", _frozen(joint._replace(case=C.needs_response, taken=True)), "bank")
        return
    for move in CHARGEBACK.leaving(joint.case):
        over = joint._replace(case=None, taken=False)
        if move.event == "psp_asks":
            if not joint.taken:
                yield Step("bank.escalates", _frozen(joint._replace(case=_end(move), taken=True)), "bank")
        elif move.event in {"psp_won", "psp_lost"}:
            if joint.taken:
                ends = _thawed(over) if move.event == "psp_won" else _lost(over)
                yield from (Step(f"bank.{move.event}", after, "bank") for after in ends)
        elif move.event == "inquiry_closed":
            if not joint.taken:
                yield Step("bank.inquiry_closed", over, "bank")
        elif joint.taken or move.event != "concede":
            yield Step(f"chargeback.{move.event}", joint._replace(case=_end(move)), _by(move))


def _lost(joint: Joint) -> Iterator[Joint]:
    """A refund that had not left is over; of what is held all goes, or a part and the rest stays."""
    if joint.refund in {R.approved, R.failed}:
        yield joint._replace(refund=_to(REFUND, joint.refund, "charged_back"))
    if joint.escrow is E.frozen:
        ended = _to(ORDER, joint.order, "charged_back")
        yield joint._replace(order=ended, escrow=_to(ESCROW, joint.escrow, "charge_back"), dispute=None)
        yield from _thawed(joint._replace(escrow=_to(ESCROW, joint.escrow, "charge_back_part")))
    else:
        yield joint


def steps(joint: Joint) -> Iterator[Step]:
    """Every joint move there is from here."""
    for machine in (_order_steps, _escrow_steps, _refund_steps, _dispute_steps, _case_steps):
        yield from machine(joint)


def reachable(start: Joint, steps: Steps) -> set[Joint]:
    found, todo = {start}, [start]
    while todo:
        for step in steps(todo.pop()):
            if step.after not in found:
                found.add(step.after)
                todo.append(step.after)
    return found


def only(steps: Steps, *who: str) -> Steps:
    """What these do when nobody else does anything."""
    return lambda joint: (step for step in steps(joint) if step.by in who)


def is_out(joint: Joint) -> bool:
    """Nothing is held, nothing is on its way, and the bank has nothing to decide."""
    return (
        joint.escrow in ESCROW.terminal and joint.refund in {None, R.succeeded, R.settled_manually} and not joint.taken
    )


def trapped(steps: Steps) -> list[Joint]:
    """Reachable combinations from which the money never gets out, whoever does whatever."""
    return sorted((j for j in reachable(START, steps) if not any(map(is_out, reachable(j, steps)))), key=str)
