"""The product on a database of its own: verbs, timers and jobs as their edges call them, under a clock that stands."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app import session as sessions
from app.clients.payments import PaymentsRefused, PaymentsUnavailable, PaymentsUnknown
from app.services.commerce import cancellation_policy, payment, webhook_inbox
from app.services.platform import clock, idempotency_key, machine, timer
from app.unit_of_work import unit_of_work
from jobs.base import PERMANENT, REGISTRY, JobRun, NotYet, load_all
from models.actor import Actor
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout
from models.commerce.checkout_line import CheckoutLine
from models.commerce.order import Order
from models.errors import Refused
from tests.commerce.market.bank import Bank
from tests.databases import Database
from tests.factories import catalogue, people

SECRET = "whsec_market"
BEGIN = datetime.fromisoformat("2027-03-01T10:00:00+00:00")
"""Ninety days from here the clocks of London change once."""
CLOCKWORK = Actor.system("market")
TROUBLE = (PaymentsRefused, PaymentsUnavailable, PaymentsUnknown)
Command = Callable[[Session], object]


@dataclass(frozen=True)
class Cast:
    """Two sellers with a listing each, a consumer, a business, three people of our finance."""

    sellers: tuple[Actor, ...]
    listings: tuple[UUID, ...]
    buyers: tuple[Actor, ...]
    staff: tuple[Actor, ...]


class Run(JobRun):
    """A job's run whose message is marked done by the market."""

    @contextmanager
    def finish(self) -> Iterator[Session]:
        with self.transaction() as session:
            yield session


class Shop:
    """What happens is committed; `reset` brings back the cast alone."""

    def __init__(self, database: Database, patch: pytest.MonkeyPatch) -> None:
        load_all()
        self.database, self.bank = database, Bank()
        self.now = BEGIN
        patch.setattr(clock, "utc_now", lambda: self.now)
        sellers = [self._do(people.provider) for _ in range(2)]
        listings = [self._do(partial(_listing, seller=one.actor)) for one in sellers]
        buyers = (self._do(people.customer).actor, self._do(people.business).actor)
        staff = tuple(self._do(lambda s: people.operator(s, "Finance clerk")) for _ in range(3))
        self.cast = Cast(tuple(one.actor for one in sellers), tuple(listings), buyers, staff)
        database.remember_baseline()

    @staticmethod
    def _do(command: Callable[[Session], Any]) -> Any:
        with sessions.session_scope(), unit_of_work(CLOCKWORK) as session:
            return command(session)

    def reset(self) -> None:
        self.database.reset()
        self.now = BEGIN
        self.bank = Bank(self.now)

    def move_to(self, moment: datetime) -> None:
        self.now = self.bank.now = moment

    def attempt(self, command: Command, *, key: str = "") -> str:
        """One transaction; answers why it was refused, or nothing. With `key` as a form that is sent twice."""
        try:
            for _ in range(2 if key else 1):
                with sessions.session_scope(), unit_of_work(CLOCKWORK) as session:
                    if key:
                        idempotency_key.once(session, "market", key, {}, partial(_told, command, session))
                    else:
                        command(session)
        except Refused as refusal:
            return f"{type(refusal).__name__}: {refusal}"
        return ""

    def fire(self, timer_id: int) -> None:
        with sessions.session_scope(), unit_of_work(CLOCKWORK) as session:
            timer.fire(session, timer_id)

    def due(self) -> list[tuple[int, str, UUID, str]]:
        """Timers that wait and are due: (id, machine, subject, event), the oldest first."""
        asked = (
            "select id, machine, subject_id, event from timer where state = 'waiting' and due_at <= %s"
            " order by due_at, id"
        )
        return self.ask(asked, self.now)

    def ask(self, question: str, *values: object) -> list[Any]:
        assert self.database.connection is not None
        return self.database.connection.execute(question.encode(), values).fetchall()

    def perform(self, job: str, message_id: int = 0, **payload: Any) -> str:
        """A job with this bank as its provider; answers what kept it from its end."""
        parts: Any = SimpleNamespace(payments=self.bank, storage=None)
        try:
            with sessions.session_scope():
                REGISTRY[job][1](Run(message_id, 0, job, parts), **payload)
        except (*TROUBLE, NotYet) as trouble:
            return type(trouble).__name__
        except PERMANENT:
            pass  # a dead letter: no other attempt is made
        finally:
            self.bank.trouble, self.bank.fate = "none", "succeeded"
        if message_id:
            self.ask("update outbox_message set done_at = now() where id = %s returning id", message_id)
        return ""

    def receive(self, payload: bytes) -> tuple[UUID, str]:
        """A delivery at the provider's door: the message's row and its state."""
        stamp = int(time.time())
        mark = hmac.new(SECRET.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
        with sessions.session_scope(), unit_of_work(CLOCKWORK) as session:
            row = webhook_inbox.receive(
                session, provider="simulator", payload=payload, header=f"t={stamp},v1={mark}", secrets=[SECRET]
            )
            return row.id, row.state.name

    def open_checkout(self, session: Session, wish: Wish) -> UUID:
        """A checkout that waits for its money, made straight of rows: the shop's own has one line only."""
        actor, seller = self.cast.buyers[0 if wish.consumer else 1], self.cast.sellers[wish.seller]
        ladder = cancellation_policy.of_code(session, wish.ladder, self.now.date()) if wish.ladder else None
        gross = sum(line["gross_minor"] for line in wish.lines)
        listing = session.get_one(Listing, self.cast.listings[wish.seller])
        row = Checkout(
            buyer_organisation_id=actor.organisation_id,
            buyer_user_id=actor.user_id,
            seller_organisation_id=seller.organisation_id,
            currency="GBP",
            gross_minor=gross,
            fee_net_minor=wish.fee[0],
            fee_vat_minor=wish.fee[1],
            total_minor=gross + sum(wish.fee),
            quote_fingerprint=b"\0" * 32,
            visit_start=wish.visit[0],
            visit_end=wish.visit[1],
            visit_zone="Europe/London",
            site_address="14 Stackpool Road",
            site_postcode="BS3 1NG",
            express_start_at=self.now if wish.express else None,
            cancellation_policy_id=ladder.id if ladder else None,
        )
        row.lines = [
            CheckoutLine(position=i, listing_id=listing.id, title=f"Line {i}", description="", **line)
            for i, line in enumerate(wish.lines)
        ]
        machine.begin(session, row)
        machine.apply(session, row, "submit", actor=actor)
        paying = payment.prepare(session, row, provider="simulator")
        paying.created_at = self.now
        intent = self.bank.opened(row.total_minor, str(paying.id), wish.psp_fee)
        paying.intent_id = intent["id"]
        session.flush()
        return row.id


@dataclass(frozen=True)
class Wish:
    """What a buyer puts into a basket. Sums in minor units."""

    seller: int
    consumer: bool
    express: bool
    ladder: str
    visit: tuple[datetime, datetime]
    lines: tuple[dict[str, Any], ...]
    fee: tuple[int, int]
    psp_fee: int


def _listing(session: Session, seller: Actor) -> UUID:
    return catalogue.live(session, seller).id


def _told(command: Command, session: Session) -> dict[str, str]:
    return {"said": str(command(session))}


def order_of(session: Session, checkout_id: UUID) -> Order:
    """Raises NoResultFound before it is paid."""
    return session.query(Order).filter_by(checkout_id=checkout_id).one()
