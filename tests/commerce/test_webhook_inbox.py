"""The provider's messages: unsigned ones leave a hash, copies are told apart, unknown things wait."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.payments import Intent
from app.services.commerce import capture, webhook_inbox
from app.services.platform import clock, outbox_message
from app.unit_of_work import unit_of_work
from jobs.base import JobRun, NotYet
from jobs.commerce import webhook_inbox as jobs
from jobs.schedule import SCHEDULES
from models.commerce.checkout import CheckoutState
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.commerce.webhook_inbox import WebhookInbox, WebhookState
from models.platform.outbox_message import MAX_ATTEMPTS, OutboxMessage
from models.platform.transition import Transition
from tests.factories import commerce, people

SECRETS = ["whsec_old", "whsec_new"]


def event(row: Payment, kind: str = "payment_intent.succeeded", **changes: Any) -> bytes:
    status = {"payment_intent.succeeded": "succeeded"}.get(kind, "requires_payment_method")
    inner = {
        "id": f"pi_{row.id.hex}",
        "object": "payment_intent",
        "status": status,
        "amount": row.amount_minor,
        "amount_received": row.amount_minor if status == "succeeded" else 0,
        "currency": "gbp",
        "metadata": {"reference": str(row.id)},
        **changes,
    }
    body = {"id": f"evt_{kind}_{row.id.hex}", "type": kind, "created": 1_790_000_000, "data": {"object": inner}}
    return json.dumps(body).encode()


def header(payload: bytes, secret: str = "whsec_new", at: float | None = None) -> str:
    moment = int(clock.now().timestamp() if at is None else at)
    mark = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mark}"


def receive(session: Session, payload: bytes, signature: str | None = None) -> WebhookInbox:
    return webhook_inbox.receive(
        session,
        provider="simulator",
        payload=payload,
        header=header(payload) if signature is None else signature,
        secrets=SECRETS,
    )


def apply(session: Session, row: WebhookInbox, present: Intent | None) -> bool:
    read = webhook_inbox.reading(session, row.id)
    assert read is not None
    return webhook_inbox.apply(session, row.id, read, present)


@pytest.mark.parametrize("secret", SECRETS)
def test_both_live_secrets_are_good(work: Session, secret: str) -> None:
    payload = event(commerce.submitted(work, commerce.story(work)))
    assert receive(work, payload, header(payload, secret)).state is WebhookState.received


@pytest.mark.parametrize("late", [-301, 301])
def test_too_old_or_too_new_is_not_believed(work: Session, late: int) -> None:
    payload = event(commerce.submitted(work, commerce.story(work)))
    row = receive(work, payload, header(payload, at=clock.now().timestamp() + late))
    assert row.state is WebhookState.rejected


def test_an_unsigned_message_leaves_its_hash_and_nothing_else(work: Session) -> None:
    row = receive(work, b'{"id":"evt_1"}', "t=1,v1=00")
    assert (row.state, row.body, row.body_sha256) == (
        WebhookState.rejected, None, hashlib.sha256(b'{"id":"evt_1"}').digest(),
    )  # fmt: skip


def test_the_second_copy_is_a_duplicate_and_asks_for_nothing(work: Session) -> None:
    payload = event(commerce.submitted(work, commerce.story(work)))
    first, second = receive(work, payload), receive(work, payload)
    assert (first.state, second.state) == (WebhookState.received, WebhookState.duplicate)
    assert work.scalar(sa.text("select count(*) from outbox_message where job = 'commerce.webhook_inbox.apply'")) == 1


def test_a_capture_makes_the_order(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    row = receive(work, event(paying))
    assert apply(work, row, commerce.intent(paying)) is True
    assert (row.state, paying.checkout.state) == (WebhookState.applied, CheckoutState.paid)
    assert work.scalar(sa.select(sa.func.count()).select_from(Order)) == 1


def test_news_of_something_unknown_waits(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    row = receive(work, event(paying))
    stranger = commerce.intent(paying, id="pi_unknown", reference="")
    assert apply(work, row, stranger) is False
    assert row.state is WebhookState.deferred
    assert apply(work, row, commerce.intent(paying)) is True
    assert row.state is WebhookState.applied


def test_a_decline_that_arrives_after_the_capture_takes_nothing_back(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    apply(work, receive(work, event(paying)), commerce.intent(paying))
    late = receive(work, event(paying, "payment_intent.payment_failed"))
    assert apply(work, late, commerce.intent(paying)) is True
    assert paying.checkout.state is CheckoutState.paid


def test_the_fifth_decline_does_not_send_back_money_that_was_taken_since(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    for _ in range(4):
        capture.declined(work, paying, "card_declined")
    late = receive(work, event(paying, "payment_intent.payment_failed"))
    assert apply(work, late, commerce.intent(paying)) is True
    assert paying.checkout.state is CheckoutState.paid


def test_every_row_a_message_changes_is_audited_under_what_changed_it(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    work.info["verb"] = ""
    apply(work, receive(work, event(paying)), commerce.intent(paying))
    verbs = work.execute(sa.text("select entity, verb from audit_event where op = 'U'")).all()
    assert {verb for entity, verb in verbs if entity == "payment"} == {"payment.follow"}
    assert {verb for entity, verb in verbs if entity == "webhook_inbox"} == {"webhook_inbox.apply"}


def test_a_message_about_nothing_we_know_dies_after_three_days_and_can_be_replayed(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    row = receive(work, event(paying))
    apply(work, row, commerce.intent(paying, id="pi_unknown", reference=""))
    with clock.moved(timedelta(hours=73)):
        webhook_inbox.give_up(work, row, actor=webhook_inbox.SYSTEM)
    webhook_inbox.replay(work, row, actor=people.operator(work, "Operations"))
    assert row.state is WebhookState.received
    assert apply(work, row, commerce.intent(paying)) is True


def wishes(session: Session) -> list[OutboxMessage]:
    """What asks for messages to be applied, oldest first."""
    asked = sa.select(OutboxMessage).where(OutboxMessage.job == "commerce.webhook_inbox.apply")
    return list(session.scalars(asked.order_by(OutboxMessage.id)))


def fail(session: Session, wish: OutboxMessage, times: int = MAX_ATTEMPTS) -> bool:
    """So many attempts at it that find nobody at the provider; whether it is a dead letter now."""
    dead = False
    for _ in range(times):
        claim = outbox_message.hand_out(wish)
        dead = outbox_message.fail(session, claim.id, claim.number, "PaymentsUnavailable: nobody answers Priya")
    return dead


def test_a_message_whose_job_became_a_dead_letter_dies_with_it_and_the_history_says_why(work: Session) -> None:
    row = receive(work, event(commerce.submitted(work, commerce.story(work))))
    (wish,) = wishes(work)
    assert fail(work, wish)
    assert webhook_inbox.give_up_dead_letters(work) == 1
    assert row.state is WebhookState.dead
    told = work.scalars(sa.select(Transition).where(Transition.subject_id == row.id)).all()
    assert [(one.event, one.reason) for one in told] == [("give_up", f"dead letter {wish.id}: PaymentsUnavailable")]
    assert webhook_inbox.give_up_dead_letters(work) == 0


def test_a_message_whose_job_is_still_tried_is_not_given_up_however_long_it_waits(work: Session) -> None:
    row = receive(work, event(commerce.submitted(work, commerce.story(work))))
    assert not fail(work, wishes(work)[0], MAX_ATTEMPTS - 1)
    with clock.moved(timedelta(days=30)):
        assert webhook_inbox.give_up_dead_letters(work) == 0
    assert row.state is WebhookState.received


def test_a_deferred_message_whose_job_became_a_dead_letter_is_not_left_for_three_days(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    row = receive(work, event(paying))
    apply(work, row, commerce.intent(paying, id="pi_unknown", reference=""))
    fail(work, wishes(work)[0])
    assert webhook_inbox.give_up_dead_letters(work) == 1
    assert row.state is WebhookState.dead


def test_a_replay_asks_anew_and_the_dead_letter_of_before_does_not_end_it(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    row = receive(work, event(paying))
    fail(work, wishes(work)[0])
    webhook_inbox.give_up_dead_letters(work)
    webhook_inbox.replay(work, row, actor=people.operator(work, "Operations"))
    old, fresh = wishes(work)
    assert (old.dead_at is None, fresh.dead_at, fresh.payload) == (False, None, {"inbox_id": str(row.id)})
    assert webhook_inbox.give_up_dead_letters(work) == 0
    assert row.state is WebhookState.received
    apply(work, row, commerce.intent(paying, id="pi_unknown", reference=""))
    assert webhook_inbox.give_up_dead_letters(work) == 0
    assert row.state is WebhookState.deferred
    fail(work, fresh)
    assert webhook_inbox.give_up_dead_letters(work) == 1
    assert row.state is WebhookState.dead


def test_a_dead_letter_that_is_run_again_applies_its_dead_message(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    row = receive(work, event(paying))
    fail(work, wishes(work)[0])
    webhook_inbox.give_up_dead_letters(work)
    assert apply(work, row, commerce.intent(paying, id="pi_unknown", reference="")) is True  # nothing waits for it
    assert row.state is WebhookState.dead
    assert apply(work, row, commerce.intent(paying)) is True
    assert (row.state, paying.checkout.state) == (WebhookState.applied, CheckoutState.paid)


def test_the_clock_looks_for_dead_letters_every_few_minutes(session: Session) -> None:
    (schedule,) = [one for one in SCHEDULES if one.job == "commerce.webhook_inbox.sweep"]
    assert schedule.every <= timedelta(minutes=10)
    with unit_of_work(webhook_inbox.SYSTEM) as work:
        row = receive(work, event(commerce.submitted(work, commerce.story(work))))
        fail(work, wishes(work)[0])
        key = row.id
    parts: Any = SimpleNamespace()
    jobs.sweep(JobRun(0, 0, schedule.job, parts))
    session.rollback()
    assert session.get_one(WebhookInbox, key, populate_existing=True).state is WebhookState.dead


def test_what_is_not_known_here_is_looked_at_ever_more_rarely_and_at_least_every_hour(session: Session) -> None:
    with unit_of_work(webhook_inbox.SYSTEM) as work:
        paying = commerce.submitted(work, commerce.story(work))
        stranger, key = commerce.intent(paying, id="pi_unknown", reference=""), receive(work, event(paying)).id
    parts: Any = SimpleNamespace(payments=SimpleNamespace(intent=lambda _id: stranger))
    run, pauses, waited = JobRun(0, 0, "commerce.webhook_inbox.apply", parts), [], timedelta()
    while waited < timedelta(hours=72):
        with clock.moved(waited), pytest.raises(NotYet) as wait:
            jobs.apply(run, inbox_id=str(key))
        pauses.append(round(wait.value.seconds))
        waited += timedelta(seconds=pauses[-1])
    assert pauses[:9] == [20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert set(pauses[8:]) == {3600}
    assert len(pauses) < 100


def test_what_was_given_up_after_three_days_ends_its_job(session: Session) -> None:
    with unit_of_work(webhook_inbox.SYSTEM) as work:
        paying = commerce.submitted(work, commerce.story(work))
        row = receive(work, event(paying))
        stranger, key = commerce.intent(paying, id="pi_unknown", reference=""), row.id
        apply(work, row, stranger)
        webhook_inbox.give_up(work, row, actor=webhook_inbox.SYSTEM)
    parts: Any = SimpleNamespace(payments=SimpleNamespace(intent=lambda _id: stranger))
    jobs.apply(JobRun(0, 0, "commerce.webhook_inbox.apply", parts), inbox_id=str(key))
    session.rollback()
    assert session.get_one(WebhookInbox, key, populate_existing=True).state is WebhookState.dead
