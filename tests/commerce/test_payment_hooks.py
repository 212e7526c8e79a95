"""The webhook's door: who is let in, what is kept, and that it is only ever kept once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.clients.payments_stripe import StripePayments
from models.commerce.webhook_inbox import WebhookInbox, WebhookState
from tests.databases import Database
from tests.processes import Processes

DOOR = "/hooks/payments/test-endpoint"


def message(identity: str = "evt_1", **more: Any) -> bytes:
    intent = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 29_300, "currency": "gbp"}
    event = {"id": identity, "type": "payment_intent.succeeded", "created": 1, "data": {"object": intent}}
    return json.dumps(event | more).encode()


def signed(payload: bytes, secret: str = "whsec_test_one", at: float | None = None) -> dict[str, str]:
    stamp = int(time.time() if at is None else at)
    mark = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={mark}", "Content-Type": "application/json"}


def kept(session: Session) -> list[WebhookInbox]:
    session.rollback()
    return list(session.scalars(sa.select(WebhookInbox).order_by(WebhookInbox.created_at)))


def asked(session: Session) -> int:
    sql = "select count(*) from outbox_message where job = 'commerce.webhook_inbox.apply'"
    return int(session.scalar(sa.text(sql)) or 0)


@pytest.mark.parametrize("secret", ["whsec_test_one", "whsec_test_two"])
def test_a_signed_message_is_kept_byte_for_byte_and_a_job_is_asked_for(
    client: FlaskClient, session: Session, secret: str
) -> None:
    payload = message(note="  spaces and £ stay  ")
    answer = client.post(DOOR, data=payload, headers=signed(payload, secret))
    assert (answer.status_code, answer.data) == (200, b"")
    (row,) = kept(session)
    assert (row.state, row.body, row.body_sha256) == (
        WebhookState.received,
        payload,
        hashlib.sha256(payload).digest(),
    )
    assert (row.provider, row.event_id, row.object_id, row.original) == ("simulator", "evt_1", "pi_1", True)
    assert asked(session) == 1


def test_no_form_token_and_no_session_are_needed_or_given(app: Flask, session: Session) -> None:
    payload = message()
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = app.test_client().post(DOOR, data=payload, headers=signed(payload))
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ({}, message()),
        (signed(message(), "whsec_retired"), message()),
        (signed(message()), message() + b" "),
        (signed(message(), at=time.time() - 400), message()),
        (signed(b"not json"), b"not json"),
    ],
)
def test_an_unbelievable_message_leaves_its_hash_and_nothing_else(
    client: FlaskClient, session: Session, headers: dict[str, str], payload: bytes
) -> None:
    assert client.post(DOOR, data=payload, headers=headers).status_code == 400
    (row,) = kept(session)
    assert (row.state, row.body, row.event_id) == (WebhookState.rejected, None, "")
    assert row.body_sha256 == hashlib.sha256(payload).digest()
    assert asked(session) == 0


@pytest.mark.parametrize("key", ["other", "test-endpoint2", "test-endpoin", "%C3%BC"])
def test_a_wrong_endpoint_key_is_nothing_here(client: FlaskClient, session: Session, key: str) -> None:
    payload = message()
    assert client.post(f"/hooks/payments/{key}", data=payload, headers=signed(payload)).status_code == 404
    assert client.get(DOOR).status_code in {404, 405}
    assert kept(session) == []


def test_a_quarter_of_a_megabyte_is_enough_for_anybody(client: FlaskClient, session: Session) -> None:
    fits = message(note="x" * (255 * 1024))
    assert client.post(DOOR, data=fits, headers=signed(fits)).status_code == 200
    large = message("evt_2", note="x" * (256 * 1024))
    assert client.post(DOOR, data=large, headers=signed(large)).status_code == 413
    assert len(kept(session)) == 1


def test_eight_copies_at_once_are_one_event(app: Flask, session: Session) -> None:
    payload = message()
    with ThreadPoolExecutor(8) as pool:
        copies = [
            pool.submit(lambda: app.test_client().post(DOOR, data=payload, headers=signed(payload))) for _ in range(8)
        ]
        assert {copy.result().status_code for copy in copies} == {200}
    rows = kept(session)
    assert len([row for row in rows if row.original]) == 1
    assert {row.state for row in rows} == {WebhookState.received, WebhookState.duplicate}
    assert asked(session) == 1


def test_the_provider_itself_is_believed(
    processes: Processes, committed: Database, eventually: Callable[..., Any]
) -> None:
    processes.payments()
    processes.web()
    payments = StripePayments(processes.env["PAYMENTS_URL"], processes.env["PAYMENTS_KEY"])
    intent = payments.open_intent(
        amount_minor=29_300,
        currency="GBP",
        reference="nobody's",
        description="Order FX-1",
        return_url="http://shop.test/",
        key="k",
    )
    httpx.post(payments.pay_url(intent.id), data={"do": "pay", "card": "4242 4242 4242 4242"})
    with psycopg.connect(committed.url, autocommit=True) as database:
        sql = "SELECT object_id, state::text FROM webhook_inbox WHERE event_type = 'payment_intent.succeeded'"
        assert eventually(lambda: database.execute(sql).fetchall()) == [(intent.id, "received")]
