"""How a quote's states are called and look, on each side."""

from __future__ import annotations

from models.commerce.quote_request import QuoteState as S

BADGES = {
    S.requested: ("held", "clock"),
    S.offered: ("info", "tag"),
    S.accepted: ("ok", "check"),
    S.declined: ("line", "x"),
    S.withdrawn: ("line", "arrow-back-up"),
    S.refused: ("line", "x"),
    S.expired: ("line", "clock"),
}
"""Tone and icon."""
BUYER = {
    S.requested: "Your request waits for an offer",
    S.offered: "You have an offer",
    S.accepted: "You accepted this offer",
    S.declined: "They make no offer",
    S.withdrawn: "You took this request back",
    S.refused: "You did not want this offer",
    S.expired: "This quote has run out",
}
SELLER = {
    S.requested: "A job to name a price for",
    S.offered: "Your offer is with the customer",
    S.accepted: "Your offer is accepted",
    S.declined: "You make no offer",
    S.withdrawn: "The customer took this back",
    S.refused: "The customer does not want this offer",
    S.expired: "This quote has run out",
}
