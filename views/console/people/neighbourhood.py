"""Where a session comes from, told coarsely."""

from __future__ import annotations

import ipaddress


def neighbourhood(address: str) -> str:
    """Where a session comes from, coarsely: enough to tell one network from another, not enough to find a home."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "an unknown network"
    if found.is_loopback:
        return "this machine"
    wide = ipaddress.ip_network(f"{address}/{24 if found.version == 4 else 48}", strict=False)  # noqa: PLR2004
    return f"network {wide}"
