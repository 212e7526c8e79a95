"""Clockwork of deletions: one that nobody took back is carried out when its days are over."""

from __future__ import annotations

from app.services.people import account_deletion

TIMERS = (account_deletion.carry_out,)
"""The verbs that timers call: importing them is what tells the worker of them."""
