"""Staff read the messages of an order where their role allows it, and the audit trail knows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.services.commerce import order_message
from models.commerce.order import Order
from models.platform.audit_event import AuditEvent
from tests.factories import commerce
from tests.factories.staff import account, signed_in

SAID = "The gate code is on the fence."


@pytest.fixture
def made(session) -> Order:
    told = commerce.story(session)
    row = commerce.paid(session, told)
    order_message.send(session, row, actor=told.buyer.actor, text=SAID)
    session.commit()
    return row


def test_support_reads_them_and_that_is_noted(app, session, made):
    desk = signed_in(app, account(session, "Support agent"))
    assert "Read 1 message" in desk.get(f"/console/orders/show/{made.id}").text
    assert SAID in desk.get(f"/console/orders/messages/{made.id}").text
    session.expire_all()
    noted = sa.select(AuditEvent).where(AuditEvent.verb == "order_message.read")
    assert session.scalars(noted).one().entity_id == str(made.id)


def test_a_finance_clerk_sees_how_many_and_no_word(app, session, made):
    desk = signed_in(app, account(session, "Finance clerk"))
    page = desk.get(f"/console/orders/show/{made.id}").text
    assert "1, between the parties." in page
    assert SAID not in page
    assert desk.get(f"/console/orders/messages/{made.id}").status_code == 403
