"""Money on its way back: asked for and approved by two people, sent by a job, ended by the provider's word."""

from __future__ import annotations

from tests.oracle import hold
from tests.oracle.arithmetic import spread
from tests.oracle.world import Refund, Sale, Who, World, require

OVER = {"rejected", "cancelled"}


def _transit(sale: Sale, row: Refund) -> str:
    return f"refund:{sale.number}:{sale.refunds.index(row)}"


def by_amount(sale: Sale, amount: int) -> dict[int, int]:
    rooms = [sale.room(i) for i in range(len(sale.lines))]
    require(0 < amount <= sum(rooms), "that much is not left")
    return {i: part for i, part in enumerate(spread(amount, rooms)) if part}


def _fits(sale: Sale, lines: dict[int, int], fee: tuple[int, int], but: Refund | None) -> None:
    require(sale.hold, "never an order's")
    assert sale.hold is not None
    require(not sale.contested and sale.hold.state != "frozen", "frozen")
    require(all(0 <= gross <= sale.room(i, but) for i, gross in lines.items()), "more than is left of a line")
    left = [whole + (but.fee[i] if but else 0) for i, whole in enumerate(sale.fee_to_ask)]
    require(fee[0] <= left[0] and fee[1] <= left[1], "the fee has gone back")
    amount = sum(lines.values()) + sum(fee)
    require(0 < amount <= sale.tender_left(but), "more than is left of the payment")
    from_hold = sum(min(gross, sale.lines[i].gross - sale.lines[i].taken) for i, gross in lines.items())
    require(not from_hold or from_hold < sale.held, "all that is held: cancel instead")


def request(world: World, sale: Sale, who: Who, lines: dict[int, int], *, fee: bool, cause: str) -> None:
    part = sale.fee_to_ask if fee else (0, 0)
    _fits(sale, lines, part, None)
    amount = sum(lines.values()) + sum(part)
    lines = {i: gross for i, gross in lines.items() if gross}
    row = Refund("requested", world.now, amount, cause, part, lines, asked_by=who.number)
    sale.refunds.append(row)
    world.rearm(sale, "refund", row)


def approve(world: World, sale: Sale, row: Refund, who: Who) -> None:
    """By another person; posted by the figures of today."""
    require(row.state == "requested", "not asked for")
    _fits(sale, row.lines, row.fee, row)
    require(who.number != row.asked_by, "another person")
    assert sale.hold is not None
    asked = [row.lines.get(i, 0) for i in range(len(sale.lines))]
    held = [min(gross, line.gross - line.taken) for gross, line in zip(asked, sale.lines, strict=True)]
    back = [gross - part for gross, part in zip(asked, held, strict=True)]
    world.become(sale, "refund", row, "approved")
    moves, _ = hold.take_back(world, sale, back)
    hold.take(sale, held)
    sale.refunded += sum(held)
    if sum(held):
        world.become(sale, "escrow", sale.hold, "held")
    moves[f"escrow:{sale.number}"] = sum(held)
    moves["service_fee"] = row.fee[0]
    moves["vat"] += row.fee[1]
    world.post(**moves, **{_transit(sale, row): -row.amount})
    hold.ask_to_send(world, sale, row)


def reject(world: World, sale: Sale, row: Refund) -> None:
    require(row.state == "requested", "not asked for")
    world.become(sale, "refund", row, "rejected")


def begin(world: World, sale: Sale, row: Refund) -> bool:
    """The job looks before it asks the provider; False when there is nothing to ask."""
    _cover_by_losses(world, sale, row)
    if row.state == "approved" and not sale.contested:
        row.attempts += 1
        world.become(sale, "refund", row, "submitted")
        return True
    return row.state == "submitted" and row.known_as is None


def said(world: World, sale: Sale, row: Refund, name: str, status: str, attempt: int) -> None:
    """The provider's present word about a refund, told in any order, any number of times."""
    if row.known_as not in {None, name} or attempt != row.attempts:
        return
    if row.state == "approved":
        if status not in {"pending", "succeeded"}:
            return
        world.become(sale, "refund", row, "submitted")
    if row.state == "failed" and row.known_as is None and row.transfer_by is None:
        if status not in {"pending", "succeeded"}:
            return
        world.become(sale, "refund", row, "submitted")
    row.known_as = name
    if row.state == "unknown":
        world.become(sale, "refund", row, "submitted")
    if status == "succeeded" and row.state == "submitted":
        world.become(sale, "refund", row, "succeeded")
        world.post(**{_transit(sale, row): row.due}, psp=-row.due)
    elif status == "failed" and row.state == "submitted":
        world.become(sale, "refund", row, "failed")
        _cover_by_losses(world, sale, row)
    elif status == "failed" and row.state == "succeeded":
        world.become(sale, "refund", row, "failed")
        world.post(**{_transit(sale, row): -row.due}, psp=row.due)
        _cover_by_losses(world, sale, row)


def cover(world: World, sale: Sale, row: Refund, amount: int, against: str) -> None:
    """The buyer's bank gave so much of what was owed."""
    world.become(sale, "refund", row, "settled_manually" if amount == row.due else row.state)
    row.covered += amount
    world.post(**{_transit(sale, row): amount, against: -amount})


def _cover_by_losses(world: World, sale: Sale, row: Refund) -> None:
    """It did not arrive after all, and the bank gave the same money: no longer a loss."""
    if row.state not in {"approved", "failed"} or row.transfer_by is not None:
        return
    for case in sale.cases:
        if amount := min(case.loss, row.due):
            case.loss -= amount
            cover(world, sale, row, amount, "loss")


def heard(world: World, sale: Sale, row: Refund, found: list[tuple[str, str, int]]) -> None:
    """We asked: (name, status, attempt) of what the provider has for us, newest first."""
    own = [
        one
        for one in found
        if row.known_as in {None, one[0]}
        and one[2] == row.attempts
        and (row.state != "approved" or one[1] in {"pending", "succeeded"})
    ]
    if own:
        said(world, sale, row, *own[0])
    else:
        none_there(world, sale, row)


def none_there(world: World, sale: Sale, row: Refund) -> None:
    """We asked, and the provider knows of no such refund."""
    if row.state == "unknown":
        world.become(sale, "refund", row, "approved")
        _cover_by_losses(world, sale, row)
        if row.state == "approved":
            hold.ask_to_send(world, sale, row)


def refused(world: World, sale: Sale, row: Refund) -> None:
    if row.state == "submitted":
        world.become(sale, "refund", row, "failed")
        _cover_by_losses(world, sale, row)


def no_answer(world: World, sale: Sale, row: Refund) -> None:
    require(row.state == "submitted", "not sent")
    world.become(sale, "refund", row, "unknown")


def retry(world: World, sale: Sale, row: Refund) -> None:
    require(row.state == "failed" and row.attempts < 3 and row.transfer_by is None, "not again")
    row.known_as = None
    world.become(sale, "refund", row, "approved")
    hold.ask_to_send(world, sale, row)


def record_transfer(sale: Sale, row: Refund, who: Who) -> None:
    require(row.state == "failed" and row.transfer_by is None, "it has not failed, or is being paid")
    require(not sale.contested, "the bank has the money")
    row.transfer_by = who.number


def confirm_transfer(world: World, sale: Sale, row: Refund, who: Who) -> None:
    require(row.state == "failed" and row.transfer_by not in {None, who.number}, "another person confirms")
    world.become(sale, "refund", row, "settled_manually")
    world.post(**{_transit(sale, row): row.due}, bank=-row.due)
