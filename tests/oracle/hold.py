"""The hold and what leaves it: to the seller, back to the buyer by us, back to the buyer by their bank."""

from __future__ import annotations

from datetime import timedelta

from tests.oracle.arithmetic import spread, stretch
from tests.oracle.world import Refund, Sale, World

ALARM = timedelta(days=85)


def freeze(world: World, sale: Sale) -> None:
    if sale.hold and sale.hold.state == "held":
        world.become(sale, "escrow", sale.hold, "frozen")


def thaw(world: World, sale: Sale) -> None:
    """Unless another reason keeps it frozen: a problem, the bank, its age."""
    if sale.hold is None or sale.hold.state != "frozen" or sale.captured is None:
        return
    if not (sale.problem or sale.contested or world.now >= sale.captured + ALARM):
        world.become(sale, "escrow", sale.hold, "held")


def shares(sale: Sale, amount: int) -> list[int]:
    """An amount over what is held of each line."""
    return spread(amount, [line.gross - line.taken for line in sale.lines])


def take(sale: Sale, amounts: list[int]) -> None:
    """So much of each line is no longer held."""
    for line, amount in zip(sale.lines, amounts, strict=True):
        assert 0 <= amount <= line.gross - line.taken, "the oracle took what is not held"
        line.taken += amount


def release(world: World, sale: Sale, amounts: list[int]) -> None:
    """To the seller, less the commission that belongs to this stretch of each line."""
    commission = vat = 0
    for line, amount in zip(sale.lines, amounts, strict=True):
        part = [
            stretch(whole, line.gross, line.taken, amount) for whole in (line.vat, line.commission, line.commission_vat)
        ]
        line.kept = [a + b for a, b in zip(line.kept, part, strict=True)]
        line.released += amount
        commission, vat = commission + part[1], vat + part[2]
    take(sale, amounts)
    gross = sum(amounts)
    sale.released += gross
    if gross:
        world.post(
            **{f"escrow:{sale.number}": gross, f"seller:{sale.seller}:pending": commission + vat - gross},
            commission=-commission,
            vat=-vat,
        )


def take_back(world: World, sale: Sale, amounts: list[int]) -> tuple[dict[str, int], int]:
    """Of what was released. Answers the debits (seller, commission, VAT on it) and what they come to."""
    commission = vat = 0
    for line, amount in zip(sale.lines, amounts, strict=True):
        assert 0 <= amount <= line.released - line.back, "the oracle took back what was not released"
        commission += stretch(line.kept[1], line.released, line.back, amount)
        vat += stretch(line.kept[2], line.released, line.back, amount)
        line.back += amount
    owed = sum(amounts) - commission - vat
    pending = min(owed, -world.accounts[f"seller:{sale.seller}:pending"])
    moves = {
        f"seller:{sale.seller}:pending": pending,
        f"seller:{sale.seller}:receivable": owed - pending,
        "commission": commission,
        "vat": vat,
    }
    return moves, sum(amounts)


def new_refund(world: World, sale: Sale, amount: int, cause: str, fee: tuple[int, int]) -> Refund:
    """Approved at once; the job that sends it is asked for."""
    row = Refund("approved", world.now, amount, cause, fee)
    sale.refunds.append(row)
    ask_to_send(world, sale, row)
    return row


def ask_to_send(world: World, sale: Sale, row: Refund, after: str = "") -> None:
    world.ask(f"refund:{sale.number}:{sale.refunds.index(row)}:{row.attempts + 1}{after}")


def supersede(world: World, sale: Sale) -> None:
    """The order has ended: what was asked for before is over."""
    for other in sale.refunds:
        if other.state == "requested":
            world.become(sale, "refund", other, "rejected")


def give_back(world: World, sale: Sale, gross: int, cause: str, fee: tuple[int, int]) -> None:
    """`gross` has left the hold for the buyer, with `fee` of the buyer fee."""
    supersede(world, sale)
    row = new_refund(world, sale, gross + sum(fee), cause, fee)
    sale.refunded += gross
    transit = f"refund:{sale.number}:{sale.refunds.index(row)}"
    world.post(**{f"escrow:{sale.number}": gross, transit: -(gross + sum(fee))}, service_fee=fee[0], vat=fee[1])


def all_back(world: World, sale: Sale, cause: str) -> None:
    """Everything that is held, and what is left of the buyer fee."""
    assert sale.hold is not None
    gross, fee = sale.held, sale.fee_left
    take(sale, [line.gross - line.taken for line in sale.lines])
    give_back(world, sale, gross, cause, fee)
    world.become(sale, "escrow", sale.hold, "settled")


def divide(world: World, sale: Sale, buyer: int, cause: str, fee: tuple[int, int] = (0, 0)) -> None:
    """`buyer` back, the rest to the seller; the buyer's stretch of each line comes first."""
    supersede(world, sale)
    if buyer:
        take(sale, shares(sale, buyer))
        give_back(world, sale, buyer, cause, fee)
    release_rest(world, sale)


def release_rest(world: World, sale: Sale) -> None:
    """All that is held, to the seller."""
    assert sale.hold is not None
    release(world, sale, [line.gross - line.taken for line in sale.lines])
    world.become(sale, "escrow", sale.hold, "settled")
