"""What one run of the simulator was started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """The fees imitate a card provider's prices (1.5 % + 0.20, and 20.00 for a dispute); they are not ours."""

    port: int
    state: Path
    key: str
    webhook_url: str
    webhook_secrets: tuple[str, ...]
    public_url: str
    merchant: str = "Fixnado"
    fee_bps: int = 150
    fee_fixed_minor: int = 20
    dispute_fee_minor: int = 2_000
