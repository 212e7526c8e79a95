"""Every write leaves its row on the trail, with who and why; personal text can be erased and the seal still holds."""

from __future__ import annotations

import importlib
import pkgutil

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy.orm import Session

import models
from app import audit_trail
from app.services.platform import audit_event, machine, seal
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.base import Base
from models.errors import Conflict
from models.people.seller import Seller
from models.platform.audit_event import ASIDE, SECRET, AuditEvent, AuditPersonal
from models.types import uuid7
from tests.databases import Database
from tests.factories.books import CLOCKWORK, close_all, tampering


def named(name: str = "Bright") -> Role:
    return Role(name=name)


def person() -> User:
    tag = uuid7().hex[-8:]
    return User(
        first_name="Amira", last_name="Hassan", username=f"amira-{tag}", email=f"amira-{tag}@example.org", password="pw"
    )


@pytest.fixture(autouse=True)
def _after_the_baseline(database: Database) -> None:
    """The template's own preparation is on the trail too; tests look at what came after it."""
    with psycopg.connect(database.url) as application:
        (last,) = application.execute("select coalesce(max(id), 0) from audit_event").fetchone() or (0,)
    BASELINE[0] = last


BASELINE = [0]


def written(session: Session, entity: str) -> list[AuditEvent]:
    found = sa.select(AuditEvent).where(AuditEvent.entity == entity, AuditEvent.id > BASELINE[0])
    return list(session.scalars(found.order_by(AuditEvent.id)))


def test_a_row_says_who_in_which_role_why_and_in_which_request(scope: Session) -> None:
    who = Actor(ActorKind.seller, user_id=7, organisation_id=uuid7(), request_id="req-1", name="Amira", role="owner")
    with unit_of_work(who, reason="moved house", verb="organisation.register") as session:
        session.add(named())
    (event,) = written(scope, "ab_role")
    assert (event.actor_kind, event.actor_user_id, event.actor_organisation_id) == ("seller", 7, who.organisation_id)
    assert (event.role, event.reason, event.verb, event.request_id) == (
        "owner",
        "moved house",
        "organisation.register",
        "req-1",
    )
    assert event.actor_name == "", "a person's name is not sealed"
    assert event.op == "I"
    assert event.before is None
    assert event.after is not None
    assert event.after == {"id": int(event.entity_id), "name": "Bright"}


def test_an_update_keeps_before_and_after_of_what_changed_and_nothing_else(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        row = named()
        session.add(row)
    with unit_of_work(CLOCKWORK):
        row.name = "Brighter"
    event = written(scope, "ab_role")[-1]
    assert (event.op, event.before, event.after) == ("U", {"name": "Bright"}, {"name": "Brighter"})
    assert event.entity_id == str(row.id)


def test_before_is_known_even_when_the_row_was_expired(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        row = named()
        session.add(row)
    with unit_of_work(CLOCKWORK) as session:
        session.expire(row)
        row.name = "Brighter"
    assert written(scope, "ab_role")[-1].before == {"name": "Bright"}


def test_a_flush_that_changes_nothing_writes_nothing(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        row = named()
        session.add(row)
    with unit_of_work(CLOCKWORK):
        row.name = str(row.name)
    assert len(written(scope, "ab_role")) == 1


def test_a_deletion_keeps_what_was_there(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        row = named()
        session.add(row)
    with unit_of_work(CLOCKWORK) as session:
        session.delete(row)
    event = written(scope, "ab_role")[-1]
    assert event.op == "D"
    assert event.after is None
    assert event.before is not None
    assert event.before["name"] == "Bright"


def test_what_is_rolled_back_is_not_on_the_trail(scope: Session) -> None:
    before = scope.scalar(sa.select(sa.func.count()).select_from(AuditEvent))

    def change_of_mind() -> None:
        with unit_of_work(CLOCKWORK) as session:
            session.add(named())
            session.flush()
            raise Conflict("no")

    with pytest.raises(Conflict):
        change_of_mind()
    assert scope.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == before


def test_all_rows_of_one_flush_are_one_statement(scope: Session, bound: Database) -> None:
    asked: list[str] = []
    engine = scope.get_bind()
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: asked.append(sql))
    with unit_of_work(CLOCKWORK) as session:
        session.add_all([named(f"O{number}") for number in range(20)])
    assert len([sql for sql in asked if "audit_write" in sql]) == 1
    assert len(written(scope, "ab_role")) == 20


def test_a_move_gives_its_row_the_verb(scope: Session, seller: Seller) -> None:
    with unit_of_work(Actor.system("sweeper")) as session:
        machine.apply(session, session.get_one(Seller, seller.id), "lapse", actor=Actor.system("sweeper"))
    assert written(scope, "seller")[-1].verb == "seller.lapse"


def test_a_grant_of_a_role_is_told_as_a_list_of_names(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        user, role = person(), Role(name=f"Finance {uuid7().hex[-6:]}")
        session.add_all([user, role])
    with unit_of_work(CLOCKWORK, reason="promoted"):
        user.roles = [role]
    event = written(scope, "ab_user")[-1]
    assert (event.before, event.after, event.reason) == ({"roles": []}, {"roles": [role.name]}, "promoted")


def test_personal_text_lies_aside_and_secrets_nowhere(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        user = person()
        session.add(user)
    event = written(scope, "ab_user")[-1]
    assert event.after is not None
    assert event.after["email"] == ASIDE
    assert event.after["password"] == SECRET
    assert event.personal_digest is not None
    (entry,) = audit_event.history(scope, "ab_user", user.id)
    assert entry.after["email"] == user.email
    everything = scope.scalars(
        sa.text(
            "select e::text || coalesce(p::text, '') from audit_event e left join audit_personal p on p.audit_id = e.id"
        )
    )
    assert not [text for text in everything if '"pw"' in text]


def test_erasing_personal_text_leaves_the_chain_whole_and_is_itself_on_the_trail(scope: Session) -> None:
    with unit_of_work(CLOCKWORK) as session:
        user = person()
        session.add(user)
    close_all()
    with unit_of_work(Actor.operator(3)) as session:
        assert audit_event.erase(session, "ab_user", user.id, actor=Actor.operator(3), reason="article 17") == 1
    close_all()
    assert audit_event.verify(scope) == []
    first, last = audit_event.history(scope, "ab_user", user.id)
    assert first.after["email"] == ASIDE
    assert (last.event.verb, last.event.reason, last.event.actor_user_id) == ("erase_personal_text", "article 17", 3)


def test_altered_personal_text_is_named(scope: Session, bound: Database) -> None:
    with unit_of_work(CLOCKWORK) as session:
        session.add(person())
    close_all()
    audit_id = scope.scalar(sa.select(sa.func.max(AuditPersonal.audit_id)))
    with tampering(bound) as superuser:
        superuser.execute("update audit_personal set content = '{}' where audit_id = %s", [audit_id])
    scope.rollback()
    assert audit_event.verify(scope) == [seal.Fault("audit", None, audit_id, "personal text differs from its digest")]


def test_the_application_erases_only_through_the_function(bound: Database) -> None:
    with psycopg.connect(bound.url) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("delete from audit_personal")


def test_a_commit_outside_a_unit_of_work_is_audited_with_whom_the_edge_knows(scope: Session) -> None:
    token = audit_trail.outside_actor.set(lambda: Actor.operator(11, "req-9", role="Administrator"))
    try:
        scope.add(named("Known"))
        scope.commit()
    finally:
        audit_trail.outside_actor.reset(token)
    scope.add(named("Unknown"))
    scope.commit()
    known, unknown = written(scope, "ab_role")
    assert (known.actor_kind, known.actor_user_id, known.role, known.request_id) == (
        "operator",
        11,
        "Administrator",
        "req-9",
    )
    assert (unknown.actor_kind, unknown.actor_name) == ("system", "outside a unit of work")


@pytest.fixture(scope="module")
def _every_model() -> None:
    for module in pkgutil.walk_packages(models.__path__, "models."):
        importlib.import_module(module.name)


@pytest.mark.usefixtures("_every_model")
def test_every_table_that_is_not_audited_exists_and_says_why() -> None:
    for table, reason in audit_trail.UNAUDITED.items():
        assert table in Base.metadata.tables, f"{table} is gone: take it off UNAUDITED in app/audit_trail.py"
        assert reason


@pytest.mark.usefixtures("_every_model")
def test_every_personal_column_exists() -> None:
    for mapper in Base.registry.mappers:
        named = getattr(mapper.class_, "__personal__", frozenset())
        for name in named | audit_trail.PERSONAL.get(mapper.local_table.name, frozenset()):
            assert name in mapper.column_attrs, f"{mapper.local_table.name}.{name} is named personal and does not exist"


def test_a_failed_sign_in_is_on_the_trail(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        with session_scope() as session, unit_of_work(CLOCKWORK):
            user = person()
            session.add(user)
            session.flush()
            name = user.username
        client.post("/console/login/", data={"username": name, "password": "wrong"})
        with session_scope() as session:
            event = written(session, "ab_user")[-1]
    assert (event.verb, event.actor_kind) == ("sign_in.fail", "system")
    assert event.after == {"sign_in": "failed"}
    assert event.request_id
