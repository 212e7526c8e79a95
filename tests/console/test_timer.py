"""Timers: what happens by itself to what, and why one was put off."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from app.services.platform import clock
from models.platform.timer import TimerRow, TimerState
from tests.factories import commerce
from tests.factories.staff import account, signed_in


def test_a_timer_names_what_it_is_about_and_leads_there(app, session):
    order = commerce.paid(session, commerce.story(session))
    session.commit()
    client = signed_in(app, account(session, "Operations"))
    page = client.get("/console/timers/list/?state=waiting").text
    assert "Order: lapse" in page
    assert "becomes Expired" in page
    assert f'<a href="/console/orders/show/{order.id}">{order.reference}</a>' in page
    row = session.scalars(sa.select(TimerRow).where(TimerRow.machine == "escrow")).first()
    shown = client.get(f"/console/timers/show/{row.id}").text
    assert f"/console/orders/show/{order.id}" in shown
    assert "an operator must decide" in shown


def test_one_that_was_put_off_says_why_and_one_that_is_late_is_counted(app, session):
    commerce.paid(session, commerce.story(session))
    rows = session.scalars(sa.select(TimerRow).where(TimerRow.state == TimerState.waiting).order_by(TimerRow.id)).all()
    rows[0].rearmed, rows[0].last_refusal = 3, "The customer's bank is asking for this payment back."
    rows[1].due_at = clock.now() - timedelta(hours=2)
    session.commit()
    client = signed_in(app, account(session, "Operations"))
    assert "bank is asking" in client.get("/console/timers/list/?put_off=yes").text
    assert "2 h late" in client.get("/console/timers/list/?late=yes").text
    assert "Timers past their time" in client.get("/console/").text
