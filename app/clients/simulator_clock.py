"""The clock of the payment simulator, so that a rehearsal moves both. A real provider has no such thing."""

from __future__ import annotations

import httpx

from app.clients.payments import PaymentsUnavailable

PATIENCE = 5.0
"""Seconds."""


def bring_to(url: str, seconds: int) -> None:
    """Sets the simulator's clock so many seconds ahead of real time.

    Raises PaymentsUnavailable when it does not answer. It says the distance and not the step, so that a call that got
    lost is made good by the next one.
    """
    try:
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            now = int(client.get("/_knobs").raise_for_status().json()["clock_offset_s"])
            if now > seconds:
                client.delete("/_clock").raise_for_status()
                now = 0
            if now < seconds:
                client.post("/_clock", json={"advance_s": seconds - now}).raise_for_status()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise PaymentsUnavailable(f"the payment simulator at {url} does not answer") from error
