"""Clockwork of sellers: what was declared or checked for a later day begins on that day."""

from __future__ import annotations

from app.services.people import trader_cover, trader_document, vat_status
from jobs.base import JobRun, job

TIMERS = (trader_document.remind, trader_document.expire)
"""The verbs that timers call: importing them is what tells the worker of them."""


@job("people.trader.begin_day")
def begin_day(run: JobRun) -> None:
    """VAT standings whose day has come, and policies that were checked ahead of theirs."""
    with run.finish() as session:
        for row in vat_status.due(session):
            vat_status.settle(session, row)
        for row in trader_cover.unsettled(session):
            trader_cover.settle(session, row)
