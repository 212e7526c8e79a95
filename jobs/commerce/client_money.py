"""Clockwork for client money: each day the books are closed and the statement of the day before is kept."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog

from app.services.commerce import client_money, closing
from app.services.platform import stored_file
from jobs.base import JobRun, job
from reports.layout import spreadsheet

log = structlog.get_logger(__name__)


@job("commerce.client_money.keep")
def keep(run: JobRun) -> None:
    """The statement as of the end of the last day in the business's time zone, as a file whose hash is in the sealed
    trail. Asked again for the same day it makes the same file. A shortfall is logged as an error: somebody must act.
    """
    with run.transaction() as session:
        closing.close(session)
    at = client_money.midnight(ZoneInfo(run.parts.config.business_time_zone))
    with run.transaction() as session:
        statements = client_money.statement(session, at=at)
        data = b"".join(spreadsheet.encoded(client_money.sheet(session, at=at)))
    for one in statements:
        told = {"currency": one.currency, "required": one.owed, "there": one.there, "day": client_money.day_before(at)}
        if one.surplus < 0:
            log.error("client money is short", shortfall=-one.surplus, **told)
        else:
            log.info("client money is there", surplus=one.surplus, **told)
    stored = run.parts.storage.put_content(data, "csv")
    with run.finish() as session:
        name = f"client-money-{client_money.day_before(at)}.csv"
        stored_file.record(
            session, stored, media_type=spreadsheet.MEDIA_TYPE, purpose=client_money.PURPOSE, original_name=name
        )
