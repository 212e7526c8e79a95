"""What each event of an order does to the ledger. Pure: sums in minor units in, lines out; zero lines are left out.

Positive is debit. Every function answers lines that balance, whatever the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.services.commerce import account
from app.services.commerce.account import AccountRef
from app.services.commerce.ledger import Line


@dataclass(frozen=True, slots=True)
class Owed:
    """What a seller gives back, in minor units, and from where: earned and not payable yet, payable, or owed to us."""

    pending: int = 0
    payable: int = 0
    receivable: int = 0

    @property
    def total(self) -> int:
        """All three."""
        return self.pending + self.payable + self.receivable


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


def clawed_back(
    seller_id: UUID,
    refund_id: UUID,
    currency: str,
    *,
    owed: Owed,
    commission: int,
    commission_vat: int,
    fee_net: int = 0,
    fee_vat: int = 0,
) -> list[Line]:
    """A refund of what was released already: the seller gives back what they got of it, and we give back our part."""
    back = owed.total + commission + commission_vat + fee_net + fee_vat
    return _lines(
        currency,
        *_seller_pays(seller_id, owed),
        (account.COMMISSION, commission),
        (account.SERVICE_FEE, fee_net),
        (account.VAT_OUTPUT, commission_vat + fee_vat),
        (account.refund_in_transit(refund_id), -back),
    )


def refund_transferred(refund_id: UUID, currency: str, *, amount: int) -> list[Line]:
    """The money reached the buyer by bank transfer, because their card would not take it."""
    return _lines(currency, (account.refund_in_transit(refund_id), amount), (account.CLIENT_MONEY, -amount))


def refund_charged_back(refund_id: UUID, against: AccountRef, currency: str, *, amount: int) -> list[Line]:
    """The buyer's bank gave back what was still on its way: it is owed once, not twice."""
    return _lines(currency, (account.refund_in_transit(refund_id), amount), (against, -amount))


def chargeback_opened(provider: str, chargeback_id: UUID, currency: str, *, amount: int, fee: int) -> list[Line]:
    """The bank took the money before deciding, and the provider its fee for the case."""
    return _lines(
        currency,
        (account.dispute(chargeback_id), amount),
        (account.DISPUTE_FEES, fee),
        (account.psp(provider), -(amount + fee)),
    )


def chargeback_won(provider: str, chargeback_id: UUID, currency: str, *, amount: int) -> list[Line]:
    """The bank gave the money back."""
    return _lines(currency, (account.psp(provider), amount), (account.dispute(chargeback_id), -amount))


def chargeback_fee(provider: str, currency: str, *, more: int) -> list[Line]:
    """The provider keeps another fee than it took at first; `more` is below zero when it gave some back."""
    return _lines(currency, (account.DISPUTE_FEES, more), (account.psp(provider), -more))


def escrow_charged_back(order_id: UUID, chargeback_id: UUID, currency: str, *, gross: int) -> list[Line]:
    """The buyer has the money back through their bank: it leaves the hold."""
    return _lines(currency, (account.escrow(order_id), gross), (account.dispute(chargeback_id), -gross))


def chargeback_lost(
    seller_id: UUID | None,
    chargeback_id: UUID,
    currency: str,
    *,
    owed: Owed,
    commission: int,
    commission_vat: int,
    fee_net: int,
    fee_vat: int,
    loss: int,
) -> list[Line]:
    """What the hold does not cover: the seller's part of what was released, ours of it, the buyer fee, and the rest is
    lost."""
    total = owed.total + commission + commission_vat + fee_net + fee_vat + loss
    return _lines(
        currency,
        *(_seller_pays(seller_id, owed) if seller_id else ()),
        (account.COMMISSION, commission),
        (account.SERVICE_FEE, fee_net),
        (account.VAT_OUTPUT, commission_vat + fee_vat),
        (account.CHARGEBACK_LOSS, loss),
        (account.dispute(chargeback_id), -total),
    )


def _seller_pays(seller_id: UUID, owed: Owed) -> tuple[tuple[AccountRef, int], ...]:
    return (
        (account.seller_pending(seller_id), owed.pending),
        (account.seller_payable(seller_id), owed.payable),
        (account.seller_receivable(seller_id), owed.receivable),
    )
