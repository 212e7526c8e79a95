"""What one run of the simulator was started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`fee_bps` and `fee_fixed_minor` imitate a card provider's price list (1.5 % + 0.20); they are not our prices."""

    port: int
    state: Path
    key: str
    webhook_url: str
    webhook_secrets: tuple[str, ...]
    public_url: str
    merchant: str = "Fixnado"
    fee_bps: int = 150
    fee_fixed_minor: int = 20
