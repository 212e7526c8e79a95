"""What each event of an order does to the ledger. Pure: sums in minor units in, lines out; zero lines are left out.

Positive is debit. Every function answers lines that balance, whatever the sums.
"""

from __future__ import annotations

from uuid import UUID

from app.services.commerce import account
from app.services.commerce.account import AccountRef
from app.services.commerce.ledger import Line


def _lines(currency: str, *sides: tuple[AccountRef, int]) -> list[Line]:
    return [Line(ref, amount, currency) for ref, amount in sides if amount]


def order_captured(
    provider: str, order_id: UUID, currency: str, *, gross: int, fee_net: int, fee_vat: int
) -> list[Line]:
    """The buyer paid `gross` for the work, held, and the buyer fee, ours at once."""
    return _lines(
        currency,
        (account.psp(provider), gross + fee_net + fee_vat),
        (account.escrow(order_id), -gross),
        (account.SERVICE_FEE, -fee_net),
        (account.VAT_OUTPUT, -fee_vat),
    )


def captured_late(provider: str, refund_id: UUID, currency: str, *, amount: int) -> list[Line]:
    """Money that arrived for a checkout that had ended: owed back at once, held for nobody."""
    return _lines(currency, (account.psp(provider), amount), (account.refund_in_transit(refund_id), -amount))


def psp_fee(provider: str, currency: str, *, fee: int) -> list[Line]:
    """What the provider keeps for a capture."""
    return _lines(currency, (account.PSP_FEES, fee), (account.psp(provider), -fee))


def escrow_released(
    order_id: UUID, seller_id: UUID, currency: str, *, gross: int, commission: int, commission_vat: int
) -> list[Line]:
    """Accepted work: `gross` leaves the hold, the seller earns it less our commission and the VAT on that."""
    return _lines(
        currency,
        (account.escrow(order_id), gross),
        (account.seller_pending(seller_id), commission + commission_vat - gross),
        (account.COMMISSION, -commission),
        (account.VAT_OUTPUT, -commission_vat),
    )


def refund_requested(
    order_id: UUID, refund_id: UUID, currency: str, *, gross: int, fee_net: int = 0, fee_vat: int = 0
) -> list[Line]:
    """`gross` leaves the hold for the buyer; for work that never began the buyer fee goes back too."""
    return _lines(
        currency,
        (account.escrow(order_id), gross),
        (account.SERVICE_FEE, fee_net),
        (account.VAT_OUTPUT, fee_vat),
        (account.refund_in_transit(refund_id), -(gross + fee_net + fee_vat)),
    )


def refund_succeeded(provider: str, refund_id: UUID, currency: str, *, amount: int) -> list[Line]:
    """The provider sent the money back."""
    return _lines(currency, (account.refund_in_transit(refund_id), amount), (account.psp(provider), -amount))


def refund_bounced(provider: str, refund_id: UUID, currency: str, *, amount: int) -> list[Line]:
    """A refund that had succeeded came back to the provider: owed to the buyer once more."""
    return _lines(currency, (account.psp(provider), amount), (account.refund_in_transit(refund_id), -amount))
