"""The webhook inbox: what came about what, why it stands where it stands, and another chance for a dead one."""

from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa

from app.services.commerce import webhook_door, webhook_inbox
from app.services.platform import machine, outbox_message
from models.actor import Actor
from models.commerce.webhook_inbox import WebhookInbox, WebhookState
from models.platform.audit_event import AuditEvent
from models.platform.outbox_message import OutboxMessage
from tests.factories.staff import account, form, signed_in

BODY = b'{"id": "evt_1", "data": {"object": {"name": "Priya"}}}'
SYSTEM = Actor.system("test")


@pytest.fixture
def dead(session):
    row = WebhookInbox(provider="simulator", event_id="evt_1", event_type="charge.dispute.created", object_id="dp_1",
                       original=True, body=BODY, body_sha256=hashlib.sha256(BODY).digest())  # fmt: skip
    machine.begin(session, row)
    machine.apply(session, row, "defer", actor=SYSTEM, reason="not known here yet")
    webhook_inbox.give_up(session, row, actor=SYSTEM)
    session.commit()
    return row


def test_the_list_tells_kind_object_and_why(app, session, dead):
    page = signed_in(app, account(session, "Operations")).get("/console/webhooks/list/?state=dead").text
    for words in ("charge.dispute.created", "Dispute", "dp_1", "not known here yet"):
        assert words in page, words


def test_a_dead_message_is_worked_again_once(app, session, dead):
    client, data = signed_in(app, account(session, "Operations")), form()
    for _ in range(2):
        assert client.post(f"/console/webhooks/move/replay/{dead.id}", data=data).status_code == 303
    session.expire_all()
    assert session.get(WebhookInbox, dead.id).state is WebhookState.received
    asked = sa.select(sa.func.count()).where(OutboxMessage.job == "commerce.webhook_inbox.apply")
    assert session.scalar(asked) == 1


def test_the_message_is_downloaded_as_it_came_by_those_who_may_and_that_is_noted(app, session, dead):
    operations = account(session, "Operations")
    answer = signed_in(app, operations).get(f"/console/webhooks/body/{dead.id}")
    assert answer.data == BODY
    assert answer.headers["Content-Disposition"].startswith("attachment")
    noted = session.scalars(sa.select(AuditEvent).where(AuditEvent.verb == "webhook_inbox.download")).one()
    assert (noted.actor_user_id, noted.entity_id) == (operations.id, str(dead.id))
    auditor = signed_in(app, account(session, "Auditor"))
    assert auditor.get(f"/console/webhooks/body/{dead.id}").status_code == 403
    assert "Download the message" not in auditor.get(f"/console/webhooks/show/{dead.id}").text


@pytest.fixture
def unanswered(session):
    """A message that was received, whose job failed until it was a dead letter."""
    row = WebhookInbox(provider="simulator", event_id="evt_2", event_type="refund.updated", object_id="re_1",
                       original=True, body=BODY, body_sha256=hashlib.sha256(BODY).digest())  # fmt: skip
    webhook_door.keep(session, row)
    wish = session.scalars(sa.select(OutboxMessage).where(OutboxMessage.job == webhook_door.APPLY)).one()
    claim = outbox_message.hand_out(wish)
    assert outbox_message.fail(session, claim.id, claim.number, "NotFound: not here", permanent=True)
    webhook_inbox.give_up_dead_letters(session)
    session.commit()
    return row


def test_a_message_whose_job_died_is_a_duty_tells_why_and_is_worked_again(app, session, unanswered):
    client = signed_in(app, account(session, "Operations"))
    assert "Dead messages of the provider" in client.get("/console/").text
    page = client.get("/console/webhooks/list/?state=dead").text
    assert "refund.updated" in page
    assert ": NotFound" in page
    show = f"/console/webhooks/show/{unanswered.id}"
    assert "Work it again" in client.get(show).text
    assert client.post(f"/console/webhooks/move/replay/{unanswered.id}", data=form()).status_code == 303
    session.expire_all()
    assert session.get(WebhookInbox, unanswered.id).state is WebhookState.received
    fresh = sa.select(OutboxMessage.key).where(OutboxMessage.dead_at.is_(None), OutboxMessage.done_at.is_(None))
    assert f"webhook:{unanswered.id}:3" in session.scalars(fresh).all()
