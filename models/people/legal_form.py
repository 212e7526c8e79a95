"""What the law sees in a business."""

from __future__ import annotations

from enum import Enum


class LegalForm(Enum):
    """It decides whether a register number is asked for."""

    sole_trader = "Sole trader"
    partnership = "Partnership"
    limited_company = "Limited company"
    llp = "Limited liability partnership"
    other = "Other registered body"

    @property
    def registered(self) -> bool:
        """It stands in a public register under a number."""
        return self not in {LegalForm.sole_trader, LegalForm.partnership}
