"""What the provider would owe its merchant: one row per movement, with the fee it keeps."""

from __future__ import annotations

from app.simulators.payments.store import Thing, Work


def fee_minor(amount: int, *, bps: int, fixed: int) -> int:
    """A share of the amount in minor units, half up, and a fixed part."""
    return (amount * bps + 5_000) // 10_000 + fixed


def move(work: Work, source: Thing, *, kind: str, amount: int, fee: int = 0) -> Thing:
    """Record a movement of `amount` (signed minor units) caused by `source`."""
    return work.new(
        "txn",
        "balance_transaction",
        amount=amount,
        fee=fee,
        net=amount - fee,
        currency=source["currency"],
        type=kind,
        source=source["id"],
        status="available",
    )
