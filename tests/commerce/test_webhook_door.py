"""What the door writes in one statement is what the session writes in seven."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.services.commerce import webhook_door, webhook_inbox
from app.services.platform import machine
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.commerce.webhook_inbox import WebhookInbox, WebhookState
from models.platform.audit_event import AuditEvent
from models.platform.outbox_message import OutboxMessage
from tools.bench.paired import statements

ACTOR = Actor.system("payment webhook")
OWN = {"id", "event_id", "created_at", "state_entered_at"}


def message(event_id: str) -> WebhookInbox:
    return WebhookInbox(
        provider="simulator",
        event_id=event_id,
        event_type="customer.updated",
        object_id="cus_1",
        original=True,
        body=b'{"id": "x"}',
        body_sha256=b"\x01" * 32,
    )


def plain(row: Any, leave: set[str]) -> dict[str, Any]:
    return {c.name: getattr(row, c.name) for c in row.__table__.columns if c.name not in leave}


def test_the_rows_and_the_audit_trail_are_those_of_the_session(session: Session) -> None:
    by_hand, by_session = message("evt_door"), message("evt_session")
    with unit_of_work(ACTOR, verb="webhook.receive") as work:
        assert webhook_door.keep(work, by_hand)
    with unit_of_work(ACTOR, verb="webhook.receive") as work:
        machine.begin(work, by_session)
        webhook_inbox._ask_for_application(work, by_session)
    keys = [by_hand.id, by_session.id]
    session.rollback()
    session.expunge_all()
    rows = [session.get_one(WebhookInbox, key) for key in keys]
    assert plain(rows[0], OWN) == plain(rows[1], OWN)
    asked = sa.select(AuditEvent).where(AuditEvent.entity == "webhook_inbox").order_by(AuditEvent.id)
    told = [plain(one, {"id", "at", "entity_id", "after", "personal_digest"}) for one in session.scalars(asked)]
    assert told[0] == told[1]
    after = [{k: v for k, v in (one.after or {}).items() if k not in OWN} for one in session.scalars(asked)]
    assert after[0] == after[1]
    assert [one.entity_id for one in session.scalars(asked)] == [str(key) for key in keys]
    wishes = [session.scalars(sa.select(OutboxMessage).filter_by(key=f"webhook:{key}:1")).one() for key in keys]
    left = {"id", "key", "payload", "created_at", "not_before"}
    assert plain(wishes[0], left) == plain(wishes[1], left)
    assert [wish.payload for wish in wishes] == [{"inbox_id": str(key)} for key in keys]


def test_a_kept_message_can_be_moved_on_in_the_same_transaction(session: Session) -> None:
    with unit_of_work(ACTOR) as work:
        row = message("evt_1")
        assert webhook_door.keep(work, row)
        machine.apply(work, row, "defer", actor=webhook_inbox.SYSTEM)
    session.rollback()
    session.expunge_all()
    assert session.get_one(WebhookInbox, row.id).state is WebhookState.deferred


def test_a_second_copy_writes_nothing_at_all(session: Session) -> None:
    for expected in (True, False):
        with unit_of_work(ACTOR) as work:
            assert webhook_door.keep(work, message("evt_1")) is expected
    for table in ("webhook_inbox", "outbox_message"):
        assert session.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 1
    assert session.scalar(sa.text("SELECT count(*) FROM audit_event WHERE entity = 'webhook_inbox'")) == 1


def test_keeping_costs_one_statement(session: Session) -> None:
    with unit_of_work(ACTOR) as work, statements() as seen:
        work.connection()
        webhook_door.keep(work, message("evt_1"))
    assert len(seen) == 1
    del session


def test_the_dispatcher_is_woken_only_by_the_message_that_finds_it_idle(session: Session, database: Any) -> None:
    with psycopg.connect(database.url, autocommit=True) as listener:
        listener.execute("LISTEN outbox")
        for number in range(3):
            with unit_of_work(ACTOR) as work:
                webhook_door.keep(work, message(f"evt_{number}"))
        assert len(list(listener.notifies(timeout=1, stop_after=2))) == 1
    del session


def test_two_copies_at_the_same_instant_are_kept_once(app: Flask) -> None:
    from app.session import session_scope

    kept: list[bool] = []
    gate = threading.Barrier(4)

    def arrive() -> None:
        gate.wait()
        with session_scope(), unit_of_work(ACTOR) as work:
            kept.append(webhook_door.keep(work, message("evt_same")))

    threads = [threading.Thread(target=arrive) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(kept) == [False, False, False, True]
    del app
