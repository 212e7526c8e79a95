"""Who commits: an edge, once, all of it or none of it."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.outbox import send
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.platform.outbox_message import OutboxMessage
from tests.databases import Database
from tests.platform.conftest import CLOCKWORK


def _messages(database: Database) -> int:
    with psycopg.connect(database.url) as other:
        found = other.execute("select count(*) from outbox_message").fetchone()
    assert found
    return int(found[0])


def test_what_was_done_inside_is_committed_at_its_end(scope: Session, bound: Database) -> None:
    with unit_of_work(CLOCKWORK) as session:
        send(session, "any.job", key="one")
        assert _messages(bound) == 0
    assert _messages(bound) == 1


def _send_and_raise(error: type[BaseException]) -> None:
    with unit_of_work(CLOCKWORK) as session:
        send(session, "any.job", key="one")
        raise error


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_or_ctrl_c_takes_everything_back(scope: Session, bound: Database, error: type[BaseException]) -> None:
    with pytest.raises(error):
        _send_and_raise(error)
    assert _messages(bound) == 0


def test_a_second_one_inside_is_refused_and_spoils_nothing(scope: Session, bound: Database) -> None:
    with unit_of_work(CLOCKWORK) as session:
        send(session, "any.job", key="one")
        with pytest.raises(RuntimeError, match="already open"), unit_of_work(Actor.system("inner")):
            pass
        send(session, "any.job", key="two")
    assert _messages(bound) == 2


def test_one_after_another_is_fine_and_the_second_sees_its_own_actor(scope: Session) -> None:
    with unit_of_work(Actor.system("first"), reason="because") as session:
        assert (session.info["actor"].name, session.info["reason"]) == ("first", "because")
    with unit_of_work(Actor.system("second")) as session:
        assert (session.info["actor"].name, session.info["reason"]) == ("second", "")


def test_the_verb_of_one_unit_of_work_is_not_told_of_the_next(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        session.info["verb"] = "order.accept"
    with unit_of_work(CLOCKWORK) as session:
        assert not session.info.get("verb")


def test_it_begins_with_what_others_have_committed_meanwhile(scope: Session, bound: Database) -> None:
    with unit_of_work(CLOCKWORK) as session:
        send(session, "any.job", key="one")
    row = scope.scalars(sa.select(OutboxMessage)).one()
    with psycopg.connect(bound.url) as other:
        other.execute("update outbox_message set last_error = 'elsewhere'")
    with unit_of_work(CLOCKWORK) as session:
        assert session.get_one(OutboxMessage, row.id).last_error == "elsewhere"


def test_a_scope_whose_connection_broke_ends_quietly_and_the_next_one_works(bound: Database) -> None:
    """A page that is drawn is worth sending, even if the database goes away before the request is put to bed."""
    with sessions.session_scope() as session:
        backend = session.scalar(sa.text("select pg_backend_pid()"))
        with psycopg.connect(bound.superuser_url, autocommit=True) as admin:
            admin.execute("select pg_terminate_backend(%s, 5000)", (backend,))
    with sessions.session_scope() as session:
        assert session.scalar(sa.text("select 1")) == 1
