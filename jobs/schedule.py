"""Everything that happens by the clock, in one list. A run is an outbox row with a key of its time slot, so two clocks
make one run, and a clock that was away makes up for the latest slot it missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.outbox import send


@dataclass(frozen=True, slots=True)
class Schedule:
    """`job` runs once per slot; slots are `every` long and begin `offset` after midnight UTC."""

    job: str
    every: timedelta
    offset: timedelta = timedelta()

    def slot(self, now: datetime) -> datetime:
        """The beginning of the slot that `now` lies in."""
        epoch = datetime(2026, 1, 1, tzinfo=UTC) + self.offset
        return epoch + ((now - epoch) // self.every) * self.every


SCHEDULES: tuple[Schedule, ...] = (
    Schedule("catalogue.favourite.tell_all", timedelta(days=1), timedelta(hours=7, minutes=10)),
    Schedule("catalogue.category_count.refresh", timedelta(minutes=5)),
    Schedule("commerce.client_money.keep", timedelta(days=1), timedelta(hours=1, minutes=30)),
    Schedule("commerce.payment.sweep", timedelta(minutes=1)),
    Schedule("commerce.chargeback.sweep", timedelta(minutes=10), timedelta(minutes=3)),
    Schedule("commerce.webhook_inbox.sweep", timedelta(minutes=10), timedelta(minutes=7)),
    Schedule("platform.heartbeat.worker", timedelta(seconds=15)),
    Schedule("platform.notification.digest", timedelta(minutes=15), timedelta(minutes=1)),
    Schedule("platform.outbox_message.prune", timedelta(days=1), timedelta(hours=3)),
    Schedule("platform.stored_file.discard_unfinished", timedelta(days=1), timedelta(hours=4)),
    Schedule("platform.idempotency_key.prune", timedelta(days=1), timedelta(hours=3, minutes=20)),
    Schedule("people.trader.begin_day", timedelta(hours=1), timedelta(minutes=2)),
    Schedule("people.access_token.prune", timedelta(days=1), timedelta(hours=3, minutes=40)),
    Schedule("people.account_link.prune", timedelta(days=1), timedelta(hours=3, minutes=45)),
    Schedule("people.sign_in.prune", timedelta(days=1), timedelta(hours=3, minutes=50)),
)


def insert_due(session: Session, now: datetime) -> None:
    """Asks for the present slot of every schedule; a slot that was asked for before is left alone."""
    for one in SCHEDULES:
        send(session, one.job, key=f"job:{one.job}:{one.slot(now).isoformat(timespec='seconds')}")
