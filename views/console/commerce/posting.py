"""What the accounts of a posting are called when people read it."""

from __future__ import annotations

from fnmatch import fnmatchcase

_SPOKEN = {
    "escrow:*": "Protected payment hold",
    "refund:*:in_transit": "On its way to the customer",
    "seller:*:pending": "Provider, earned and not payable yet",
    "seller:*:payable": "Provider, payable",
    "seller:*:receivable": "Provider, owed to us",
    "revenue:commission": "Our commission",
    "revenue:service_fee": "Our order fee",
    "tax:vat_output": "VAT that we owe",
    "psp:*:clearing": "At the payment provider",
    "dispute:*": "Contested at the bank",
    "expense:psp_fees": "Fees of the payment provider",
    "expense:dispute_fees": "Fees for contested payments",
    "expense:chargeback_loss": "Lost to chargebacks",
    "bank:client_money": "Bank account for client money",
}


def spoken(code: str) -> str:
    """An account's code in words; one that has none is its own word."""
    return next((words for shape, words in _SPOKEN.items() if fnmatchcase(code, shape)), code)
