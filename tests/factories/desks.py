"""What waits at the money desks of the console."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.services.commerce import dispute, refund_request
from models.actor import Actor
from models.commerce.refund import RefundCause
from models.platform.outbox_message import OutboxMessage
from models.types import utc_now, uuid7
from tests.factories import commerce
from tests.factories.staff import account


def problems(session: Session, number: int) -> None:
    """So many orders with a problem that is to be decided, as many with a refund that waits for approval, and one dead
    letter; committed."""
    told, asker = commerce.story(session), account(session, "Support agent")
    for _ in range(number):
        order = commerce.delivered(session, told)
        row = dispute.open_dispute(session, order, actor=told.buyer.actor, code="damage", text="The door is broken.")
        dispute.respond(session, row, actor=told.seller.actor, text="It was broken before.")
        order = commerce.completed(session, told)
        refund_request.request(
            session, order, lines={order.lines[0].id: 1000}, cause=RefundCause.goodwill, reason="For the delay.",
            actor=Actor.operator(asker.id),
        )  # fmt: skip
    session.add(OutboxMessage(job="t.t.t", queue="default", key=f"{uuid7()}", payload={}, request_id="", traceparent="",
                              not_before=utc_now(), dead_at=utc_now()))  # fmt: skip
    session.commit()
