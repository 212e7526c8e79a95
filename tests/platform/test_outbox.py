"""An outbox message from its writing to its end: sent once per key, handed out, done, failed, dead, revived."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import observability
from app import session as sessions
from app.outbox import CHANNEL, send
from app.services.platform import clock, outbox_message
from app.services.platform.outbox_message import Superseded
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Conflict
from models.platform.outbox_message import MAX_ATTEMPTS, OutboxMessage
from tests.databases import Database
from tests.platform.conftest import CLOCKWORK


def _send(key: str = "one", **more: object) -> int:
    with unit_of_work(CLOCKWORK) as session:
        send(session, "any.job", key=key, **more)  # type: ignore[arg-type]
        return session.scalars(sa.select(OutboxMessage.id).where(OutboxMessage.key == key)).one()


def _hand_out() -> list[outbox_message.Claim]:
    with unit_of_work(CLOCKWORK) as session:
        return [outbox_message.hand_out(message) for message in outbox_message.to_send(session)]


def _message(session: Session, ident: int) -> OutboxMessage:
    return session.get_one(OutboxMessage, ident, populate_existing=True)


def _fail(ident: int, number: int, *, permanent: bool = False) -> bool:
    with unit_of_work(CLOCKWORK) as session:
        return outbox_message.fail(session, ident, number, "ValueError: broken", permanent=permanent)


def _kill(ident: int) -> None:
    (claim,) = _hand_out()
    assert _fail(ident, claim.number, permanent=True)


def test_the_same_key_is_sent_once(scope: Session) -> None:
    _send(payload={"order": 1})
    _send(payload={"order": 2})
    assert scope.scalars(sa.select(OutboxMessage.payload)).all() == [{"order": 1}]


def test_two_transactions_with_one_key_make_one_message(scope: Session) -> None:
    together = threading.Barrier(4)

    def race() -> None:
        with sessions.session_scope():
            together.wait(5)
            _send("same")

    threads = [threading.Thread(target=race) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert scope.scalar(sa.select(sa.func.count()).select_from(OutboxMessage)) == 1


def test_a_message_carries_the_request_that_caused_it(scope: Session) -> None:
    with observability.job_context("test", "request-7", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
        ident = _send()
    message = _message(scope, ident)
    assert message.request_id == "request-7"
    assert message.traceparent.startswith("00-0af7651916cd43dd8448eb211c80319c-")


def test_only_the_message_that_finds_the_table_empty_notifies(scope: Session, bound: Database) -> None:
    with psycopg.connect(bound.url, autocommit=True) as listener:
        listener.execute(f"listen {CHANNEL}")
        for key in ("one", "two", "three"):
            _send(key)
        assert len(list(listener.notifies(timeout=0.3))) == 1
        _hand_out()
        _send("four")
        assert len(list(listener.notifies(timeout=0.3))) == 1


def test_a_dead_letter_does_not_keep_later_messages_from_notifying(scope: Session, bound: Database) -> None:
    _kill(_send())
    with psycopg.connect(bound.url, autocommit=True) as listener:
        listener.execute(f"listen {CHANNEL}")
        _send("two")
        assert len(list(listener.notifies(timeout=0.3))) == 1


def test_a_message_for_later_waits(scope: Session) -> None:
    _send(not_before=clock.now() + timedelta(hours=1))
    assert _hand_out() == []
    with clock.moved(timedelta(hours=1, seconds=1)):
        assert len(_hand_out()) == 1


def test_what_was_handed_out_is_not_handed_out_again_within_its_lease(scope: Session) -> None:
    ident = _send()
    assert [claim.number for claim in _hand_out()] == [1]
    assert _hand_out() == []
    _backdate(ident, outbox_message.LEASE + timedelta(seconds=1))
    assert [claim.number for claim in _hand_out()] == [2]


def _backdate(ident: int, by: timedelta) -> None:
    with unit_of_work(CLOCKWORK) as session:
        session.execute(sa.update(OutboxMessage).where(OutboxMessage.id == ident).values(sent_at=sa.func.now() - by))


def test_a_moment_after_it_was_handed_out_it_may_be_lost(scope: Session) -> None:
    ident = _send()
    _hand_out()
    assert outbox_message.perhaps_lost(scope) == []
    _backdate(ident, outbox_message.LOST_AFTER + timedelta(seconds=1))
    assert [message.id for message in outbox_message.perhaps_lost(scope)] == [ident]


def test_only_the_newest_copy_may_be_taken_or_finished(scope: Session) -> None:
    ident = _send()
    _hand_out()
    _backdate(ident, timedelta(hours=1))
    _hand_out()
    with unit_of_work(CLOCKWORK) as session:
        assert outbox_message.take(session, ident, 1) is None
    with pytest.raises(Superseded), unit_of_work(CLOCKWORK) as session:
        outbox_message.finish(session, ident, 1)
    with unit_of_work(CLOCKWORK) as session:
        outbox_message.finish(session, ident, 2)
    assert _message(scope, ident).done_at is not None


def test_a_message_is_finished_once(scope: Session) -> None:
    ident = _send()
    _hand_out()
    with unit_of_work(CLOCKWORK) as session:
        outbox_message.finish(session, ident, 1)
    with pytest.raises(Superseded), unit_of_work(CLOCKWORK) as session:
        outbox_message.finish(session, ident, 1)


def test_a_failure_waits_longer_each_time_and_dies_at_last(scope: Session) -> None:
    ident, pauses = _send(), []
    for number in range(1, MAX_ATTEMPTS + 1):
        with clock.moved(timedelta(days=number)):
            _hand_out()
            dead = _fail(ident, number)
            message = _message(scope, ident)
            pauses.append(round((message.not_before - clock.now()).total_seconds()))
            assert dead == (number == MAX_ATTEMPTS)
    assert pauses[:7] == list(outbox_message.BACKOFF)
    assert message.dead_at is not None
    assert message.last_error == "ValueError: broken"
    with clock.moved(timedelta(days=400)):
        assert _hand_out() == []


def test_a_dead_letter_is_run_again_by_a_person_and_only_once(scope: Session) -> None:
    ident = _send()
    _kill(ident)
    with unit_of_work(Actor.operator(7)) as session:
        outbox_message.revive(session, session.get_one(OutboxMessage, ident), actor=Actor.operator(7))
    assert _message(scope, ident).last_error == "run again by user 7; before: ValueError: broken"
    assert _message(scope, ident).failures == 0
    with pytest.raises(Conflict, match="not a dead letter"), unit_of_work(Actor.operator(8)) as session:
        outbox_message.revive(session, session.get_one(OutboxMessage, ident), actor=Actor.operator(8))
    assert [claim.number for claim in _hand_out()] == [2]


def test_not_yet_is_no_failure(scope: Session) -> None:
    ident = _send()
    _hand_out()
    with unit_of_work(CLOCKWORK) as session:
        outbox_message.postpone(session, ident, 1, 30)
    message = _message(scope, ident)
    assert (message.failures, message.sent_at) == (0, None)
    assert _hand_out() == []
    with clock.moved(timedelta(seconds=31)):
        assert [claim.number for claim in _hand_out()] == [2]


def test_a_superseded_copy_neither_fails_nor_postpones(scope: Session) -> None:
    ident = _send()
    _hand_out()
    _backdate(ident, timedelta(hours=1))
    _hand_out()
    assert _fail(ident, 1, permanent=True) is False
    with unit_of_work(CLOCKWORK) as session:
        outbox_message.postpone(session, ident, 1, 3600)
    message = _message(scope, ident)
    assert (message.failures, message.dead_at, message.sends) == (0, None, 2)


def test_the_counts_tell_waiting_in_flight_and_dead(scope: Session) -> None:
    _kill(_send("dead"))
    _send("sent")
    _hand_out()
    _send("waiting", not_before=clock.now() - timedelta(seconds=90))
    found = outbox_message.counts(scope)
    assert (found["waiting"], found["in_flight"], found["dead"]) == (1, 1, 1)
    assert 89 < found["oldest_seconds"] < 100


@pytest.mark.parametrize(
    "query",
    [
        "select id from outbox_message where done_at is null and dead_at is null and sent_at is null limit 1",
        "select count(*) from outbox_message where done_at is null and dead_at is null or dead_at is not null",
    ],
)
def test_looking_for_work_reads_an_index_and_not_the_whole_table(scope: Session, query: str) -> None:
    scope.execute(sa.text("set local enable_seqscan = off"))
    plan = "\n".join(scope.scalars(sa.text(f"explain {query}")))
    assert "Seq Scan" not in plan


def test_the_application_cannot_remove_messages(scope: Session) -> None:
    _send()
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), unit_of_work(CLOCKWORK) as session:
        session.execute(sa.delete(OutboxMessage))


def test_what_was_done_a_month_ago_is_forgotten_and_nothing_else_ever(
    scope: Session, bound: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = {"old": "done_at = now() - interval '31 days'", "new": "done_at = now() - interval '29 days'"}
    ages |= {"dead": "dead_at = now() - interval '90 days'", "open": "created_at = now() - interval '90 days'"}
    for key in (*ages, "old2"):
        with unit_of_work(CLOCKWORK) as session:
            send(session, "any.job", key=key)
    with psycopg.connect(bound.superuser_url, autocommit=True) as admin:
        for key, age in ages.items():
            admin.execute(f"update outbox_message set {age} where key like '{key}%'".encode())
    monkeypatch.setattr(outbox_message, "BATCH", 1)
    for gone in (1, 1, 0):
        with unit_of_work(CLOCKWORK) as session:
            assert outbox_message.forget(session) == gone
    left = set(scope.scalars(sa.select(OutboxMessage.key)))
    assert left == {"new", "dead", "open"}
    with pytest.raises(sa.exc.ProgrammingError), unit_of_work(CLOCKWORK) as session:
        session.execute(sa.text("delete from outbox_message"))
