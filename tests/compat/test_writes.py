"""Writing: one transaction opened by the view, refusals in words, nothing typed is lost."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app.session import session as current
from models.errors import Conflict
from tests.compat.lab import Jar, Shelf
from views.interface import Interface


def test_our_interface_flushes_and_never_commits(lab, session, jar):
    jar("mine before")
    commits: list[object] = []

    def committed(_session):
        commits.append(_session)

    event.listen(session, "after_commit", committed)
    with lab.app_context():
        model, row = Interface(Jar), Jar(name="mine new")
        model.add(row)
        row.weight = 2
        model.edit(row)
        model.delete(row)
    assert commits == []
    event.remove(session, "after_commit", committed)
    session.rollback()


def test_a_duplicate_keeps_the_form_and_says_which_field(visitor, jar):
    jar("mine")
    answer = visitor.post(
        "/console/jars/add", data={"name": "mine", "weight": "7.125", "tone": "loud", "facts": '{"x":1}'}
    )
    assert answer.status_code == 422
    assert 'value="7.125"' in answer.text
    assert "{&#34;x&#34;:1}" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_refusal_of_the_database_is_a_sentence_without_sql_or_values(visitor, jar):
    answer = visitor.post("/console/jars/add", data={"name": "mine 13", "weight": "13", "tone": "soft"})
    assert answer.status_code == 422
    assert "A rule of the database refused this." in answer.text
    for leak in ("INSERT", "psycopg", "CheckViolation", "lab.jar", "ck_"):
        assert leak not in answer.text


def test_a_parent_in_use_is_said_to_be_in_use(lab, session, jar):
    shelf = Shelf(name="one")
    session.add(shelf)
    session.commit()
    jar(shelf_id=shelf.id)
    with lab.app_context(), pytest.raises(Conflict, match="still in use"):
        Interface(Shelf).delete(shelf)
    session.rollback()
    session.execute(sa.delete(Jar))
    session.execute(sa.delete(Shelf))
    session.commit()


def test_a_race_for_a_unique_name_is_told_at_the_field_by_the_database(lab, session, jar):
    """The validator looked before the other row was there; the constraint has the last word."""
    jar("mine")
    with lab.app_context():
        model = Interface(Jar)
        with pytest.raises(Exception, match="already exists") as refused:
            model.add(Jar(name="mine"))
        assert refused.value.fields == {"name": "This is taken already"}
    session.rollback()


def test_a_saved_form_leaves_an_audit_row_with_its_actor(visitor, session, jar):
    row = jar()
    visitor.post(f"/console/jars/edit/{row.id}", data={"name": "mine 2", "weight": "1", "tone": "soft"})
    assert current() is session
    found = session.execute(
        sa.text("select actor_kind, op from audit_event where entity = 'jar' and entity_id = :id order by id desc"),
        {"id": str(row.id)},
    ).first()
    assert tuple(found) == ("operator", "U")
