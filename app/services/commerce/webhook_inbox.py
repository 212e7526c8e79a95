"""The provider's messages: kept as they came, answered at once, applied later by the provider's present state."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients import payments
from app.clients.payments import Dispute, Event, Intent, RefundResult, SignatureRefused
from app.outbox import send
from app.services.commerce import capture, chargeback, payment, refund, webhook_door
from app.services.platform import clock, machine, timer
from models.actor import Actor
from models.commerce.webhook_inbox import WebhookInbox, WebhookState
from models.platform.outbox_message import OutboxMessage
from models.platform.transition import Transition
from models.types import utc_now

SYSTEM = Actor.system("webhook inbox")
WAITING = (WebhookState.received, WebhookState.deferred)
OPEN = (*WAITING, WebhookState.dead)
"""What may still be applied: a dead one too, when somebody runs its dead letter again."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=20), timedelta(hours=1)
BATCH = 200
DECLINED = "payment_intent.payment_failed"
Present = Intent | RefundResult | Dispute | None
"""What the provider says of an object now."""


def receive(
    session: Session, *, provider: str, payload: bytes, header: str, secrets: Sequence[str], tolerance: int = 300
) -> WebhookInbox:
    """Keeps one message; the caller answers by its state. Only the first copy of an event is asked to be applied.

    A message nobody signed leaves its hash and nothing else. Tolerance in seconds of real time: a clock that was moved
    for a rehearsal does not move the provider's.
    """
    try:
        payments.verify(payload, header, secrets, utc_now(), tolerance)
        event = payments.read_event(payload)
    except payments.PaymentsError as error:
        return _rejected(session, provider, payload, error)
    row = _row(provider, payload, event, original=True)
    if webhook_door.keep(session, row):
        return row
    row = _row(provider, payload, event, original=False)
    machine.begin(session, row)
    machine.apply(session, row, "seen", actor=SYSTEM)
    return row


def _rejected(session: Session, provider: str, payload: bytes, error: payments.PaymentsError) -> WebhookInbox:
    row = WebhookInbox(
        provider=provider,
        event_id="",
        event_type="",
        object_id="",
        original=False,
        body=None,
        body_sha256=hashlib.sha256(payload).digest(),
        note="signature" if isinstance(error, SignatureRefused) else "not an event",
    )
    machine.begin(session, row)
    machine.apply(session, row, "verify_failed", actor=SYSTEM, reason=str(error))
    return row


def _row(provider: str, payload: bytes, event: Event, *, original: bool) -> WebhookInbox:
    return WebhookInbox(
        provider=provider,
        event_id=event.id,
        event_type=event.type,
        object_id=event.object_id,
        original=original,
        body=payload,
        body_sha256=hashlib.sha256(payload).digest(),
    )


def _ask_for_application(session: Session, row: WebhookInbox) -> None:
    key = f"webhook:{row.id}:{row.version}"
    send(session, webhook_door.APPLY, key=key, payload={"inbox_id": str(row.id)})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message is about, for the provider to be asked anew."""

    event: Event

    @property
    def intent_id(self) -> str | None:
        """The payment to read again, if it speaks of one."""
        return self.event.object_id if isinstance(self.event.thing, Intent) else None

    @property
    def refund_id(self) -> str | None:
        """The refund to read again, if it speaks of one."""
        return self.event.object_id if isinstance(self.event.thing, RefundResult) else None

    @property
    def dispute_id(self) -> str | None:
        """The dispute to read again, if it speaks of one."""
        return self.event.object_id if isinstance(self.event.thing, Dispute) else None


def reading(session: Session, inbox_id: UUID) -> Reading | None:
    """None when it was applied already, or ended another way."""
    row = session.get_one(WebhookInbox, inbox_id)
    if row.state not in OPEN or row.body is None:
        return None
    return Reading(payments.read_event(row.body))


def apply(session: Session, inbox_id: UUID, read: Reading, present: Present) -> bool:
    """Applies the provider's present state; False when we do not know yet what it speaks of (deferred).

    Events of kinds we do not carry are applied by doing nothing. A dead one that still speaks of nothing stays dead.
    """
    row = session.get_one(WebhookInbox, inbox_id, with_for_update=True)
    if row.state not in OPEN:
        return True
    known = _apply_present(session, read, present)
    if not known:
        if row.state is WebhookState.received:
            machine.apply(session, row, "defer", actor=SYSTEM, reason="not known here yet")
        return row.state is WebhookState.dead
    session.info["verb"] = "webhook_inbox.apply"
    row.applied_at = clock.now()
    machine.apply(session, row, "apply", actor=SYSTEM)
    return True


def pause(session: Session, inbox_id: UUID) -> timedelta:
    """How long until a deferred message is looked at again: as long as it has waited, so that the pause doubles."""
    waited = clock.now() - session.get_one(WebhookInbox, inbox_id).state_entered_at
    return min(max(timedelta(), waited) + FIRST_PAUSE, LONGEST_PAUSE)


def _apply_present(session: Session, read: Reading, present: Present) -> bool:
    if isinstance(present, Intent):
        paid = payment.of_intent(session, present)
        if paid is None:
            return False
        # the present first: an old decline must not end a checkout whose money was taken since
        capture.follow(session, paid, present)
        if read.event.type == DECLINED and isinstance(read.event.thing, Intent):
            capture.declined(session, paid, read.event.thing.decline_code)
    elif isinstance(present, RefundResult):
        back = refund.of_result(session, present)
        if back is None:
            return False
        refund.follow(session, back, present)
    elif isinstance(present, Dispute):
        paid = payment.of_intent_id(session, present.intent_id)
        if paid is None or paid.captured_at is None:
            return False
        chargeback.follow(session, paid, present)
    return True


def replay(session: Session, row: WebhookInbox, *, actor: Actor) -> Transition:
    """A person gives a dead message another chance."""
    moved = machine.apply(session, row, "replay", actor=actor)
    _ask_for_application(session, row)
    return moved


@timer.on_timer("webhook_inbox", "give_up")
def give_up(session: Session, row: WebhookInbox, *, actor: Actor) -> Transition:
    """Three days, and it still speaks of nothing we know: people look at it."""
    return machine.apply(session, row, "give_up", actor=actor)


def give_up_dead_letters(session: Session) -> int:
    """Gives up what waits for a message of the outbox that is dead: nothing would ever apply it. Answers how many.

    The reason names the kind of error and no more: what is said in the history stays, and errors may quote people.
    """
    W, O = WebhookInbox, OutboxMessage  # noqa: E741, N806
    asked_at = W.version - sa.case((W.state == WebhookState.deferred, 1), else_=0)  # to defer is a version of its own
    letter = (
        O.dead_at.is_not(None),
        O.job == webhook_door.APPLY,
        O.payload["inbox_id"].astext.cast(sa.Uuid) == W.id,
        O.key == sa.func.concat("webhook:", W.id, ":", asked_at),  # not the letter of before a replay
    )
    query = sa.select(W, O.id, O.last_error).join(O, sa.and_(*letter)).where(W.state.in_(WAITING)).order_by(W.id)
    found = session.execute(query.limit(BATCH).with_for_update(of=W, skip_locked=True)).all()
    for row, letter_id, error in found:
        reason = f"dead letter {letter_id}: {error.partition(':')[0]}"
        machine.apply(session, row, "give_up", actor=SYSTEM, reason=reason)
    return len(found)
