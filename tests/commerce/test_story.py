"""The whole story in one process: offered, approved, ordered, paid, done, released, papers read. Real forms, the real
payment provider; jobs and sealer take their turn whenever somebody opens a page.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask
from lxml import html
from sqlalchemy.orm import Session

from app.clients.payments_stripe import StripePayments
from app.services.platform import invariant, outbox_message, seal
from app.unit_of_work import unit_of_work
from jobs import base
from jobs.sealer import seal_waiting
from models.actor import Actor
from models.commerce.document import Document
from models.commerce.escrow import Escrow
from models.commerce.order import Order, OrderState
from models.platform.outbox_message import OutboxMessage
from tests.commerce.test_payment_hooks import DOOR, signed
from tests.factories import people
from tests.simulators.provider import KEY, Provider, Receiver, running
from tools.demo import story
from tools.demo.visitor import Visitor

SHOP = "http://localhost"
CLOCKWORK = Actor.system("test")


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[tuple[Provider, Receiver]]:
    with running(tmp_path) as (provider, shop):
        provider.start()
        yield provider, shop


class Clockwork:
    """What webhook, worker and sealer do in a second, done at once."""

    def __init__(self, app: Flask, shop: Receiver) -> None:
        self.app, self.shop, self.delivered = app, shop, 0

    def turn(self) -> None:
        for payload, _ in self.shop.got[self.delivered :]:
            self.delivered += 1
            assert self.app.test_client().post(DOOR, data=payload, headers=signed(payload)).status_code == 200
        while self._work():
            pass
        seal_waiting()

    def _work(self) -> int:
        with unit_of_work(CLOCKWORK) as work:
            claims = [outbox_message.hand_out(message) for message in outbox_message.to_send(work)]
        for claim in claims:
            base.perform(claim.id, claim.number)
        return len(claims)


class Neighbour(Visitor):
    """A visitor of an application in this process; the payment provider is a real one."""

    def __init__(self, app: Flask, name: str, clockwork: Clockwork) -> None:
        super().__init__(SHOP, name)
        self.client.close()
        inside = httpx.WSGITransport(lambda *arguments: contextvars.Context().run(app, *arguments))
        self.client = httpx.Client(base_url=SHOP, mounts={SHOP: inside}, follow_redirects=True)
        self.clockwork = clockwork

    def go(self, address: str) -> html.HtmlElement:
        self.clockwork.turn()
        return super().go(address)


@pytest.fixture
def cast(
    app: Flask, session: Session, provider: tuple[Provider, Receiver], monkeypatch: pytest.MonkeyPatch
) -> Iterator[story.Cast]:
    """Provider, moderator and customer, each signed in at their own door."""
    pay, shop = provider
    parts = app.extensions["parts"]
    monkeypatch.setitem(parts.__dict__, "payments", StripePayments(pay.url, KEY))
    monkeypatch.setattr(base, "worker_parts", lambda: parts)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    base.load_all()
    with unit_of_work(CLOCKWORK) as work:
        accounts = [people.provider(work).user, people.staff(work), people.customer(work).user]
    doors = [("/sign-in", "email"), ("/console/login/", "username"), ("/sign-in", "email")]
    clockwork = Clockwork(app, shop)
    visitors = []
    for user, (door, name) in zip(accounts, doors, strict=True):
        visitor = Neighbour(app, user.first_name, clockwork)
        visitor.go(door)
        visitor.send({name: user.email, "password": people.PASSWORD})
        visitors.append(visitor)
    yield story.Cast(*visitors)
    for visitor in visitors:
        visitor.client.close()


def holds(session: Session) -> list[Any]:
    """Every broken seal and invariant."""
    broken: list[Any] = [fault for chain in seal.chains(session) for fault in seal.verify(session, chain)]
    return broken + [finding for finding in invariant.check_all(session) if not finding.holds]


def test_the_whole_story_from_an_offer_to_a_receipt_with_its_proof(cast: story.Cast, session: Session) -> None:
    slug = story.offer(cast.provider)
    cast.customer.clockwork.turn()  # type: ignore[attr-defined]
    assert cast.customer.client.get(f"/l/{slug}").status_code == 404, "not before a moderator has seen it"
    story.approve(cast.moderator, slug)
    reference = story.order(cast.customer, slug)
    story.work(cast.provider, cast.customer, reference)
    read = story.papers(cast.customer, reference)

    session.rollback()
    order = session.scalars(sa.select(Order).where(Order.reference == reference)).one()
    hold = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one()
    assert (order.state, hold.remaining_minor, hold.released_minor) == (OrderState.completed, 0, 28_800)
    rows = session.scalars(sa.select(Document).where(Document.order_id == order.id)).all()
    assert {row.kind.name: row.stored_file.sha256.hex() for row in rows} == read
    assert json.dumps([row.proof for row in rows if row.proof]).count("merkle_root") == 1
    left = sa.select(OutboxMessage.job).where(OutboxMessage.done_at.is_(None))
    assert set(session.scalars(left)) == {"platform.mail_message.send"}, "no mail server runs here: only mails wait"
    assert holds(session) == []


def test_a_story_that_ends_with_a_no_gives_everything_back(cast: story.Cast, session: Session) -> None:
    slug = story.offer(cast.provider)
    story.approve(cast.moderator, slug)
    reference = story.order(cast.customer, slug)
    cast.provider.go(f"/pro/orders/{reference}")
    cast.provider.send({"code": "safety", "reason": "The meter is behind a gas pipe."}, action="/decline/")
    cast.customer.wait(f"/orders/{reference}", lambda page: "reached the bank" in page.text_content() or None)
    session.rollback()
    order = session.scalars(sa.select(Order).where(Order.reference == reference)).one()
    hold = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one()
    assert (order.state, hold.remaining_minor, hold.refunded_minor) == (OrderState.declined, 0, 28_800)
    assert holds(session) == []
