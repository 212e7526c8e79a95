"""Colleagues in the console: roles that may not be held together, one's own rights, passwords."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role, User

from app.services.people import person
from tests.factories.staff import PASSWORD, account, signed_in, with_password

NEW = "seven green kettles"


@pytest.fixture
def role_ids(session):
    return {role.name: str(role.id) for role in session.scalars(sa.select(Role))}


def form(user, roles, **changes):
    data = {"first_name": user.first_name, "last_name": user.last_name, "email": user.email, "username": user.username}
    return {**data, "active": "y", "roles": roles, **changes}


def test_an_administrator_adds_a_person_and_gives_them_a_role(app, session, role_ids):
    client = signed_in(app, account(session, "Administrator"))
    data = {"first_name": "Ida", "last_name": "Lund", "email": " Ida@Example.org ", "username": "ida", "active": "y"}
    answer = client.post("/console/staff/add", data={**data, "roles": [role_ids["Moderator"]]})
    assert answer.status_code == 303, answer.text
    person = session.scalar(sa.select(User).where(User.username == "ida"))
    assert (person.email, [role.name for role in person.roles]) == ("ida@example.org", ["Moderator"])


def test_roles_that_belong_to_two_people_are_refused_and_the_form_is_kept(app, session, role_ids):
    client, person = signed_in(app, account(session, "Administrator")), account(session, "Moderator")
    both = [role_ids["Administrator"], role_ids["Finance clerk"]]
    answer = client.post(f"/console/staff/edit/{person.id}", data=form(person, both, last_name="Renamed"))
    assert answer.status_code == 422
    assert "belong to two people" in answer.text
    assert 'value="Renamed"' in answer.text
    session.expire_all()
    assert [role.name for role in person.roles] == ["Moderator"]


def test_nobody_takes_their_own_rights_away(app, session, role_ids):
    me = account(session, "Administrator")
    client = signed_in(app, me)
    for roles, changes in (([role_ids["Moderator"]], {}), ([role_ids["Administrator"]], {"active": ""})):
        data = {name: value for name, value in form(me, roles, **changes).items() if value}
        assert client.post(f"/console/staff/edit/{me.id}", data=data).status_code == 422


def test_a_user_name_that_is_taken_is_said_at_its_field(app, session, role_ids):
    client, person, other = (
        signed_in(app, account(session, "Administrator")),
        account(session, "Moderator"),
        account(session),
    )
    answer = client.post(
        f"/console/staff/edit/{person.id}", data=form(person, [role_ids["Moderator"]], username=other.username)
    )
    assert answer.status_code == 422
    assert "Already exists" in answer.text or "taken" in answer.text


def test_a_password_set_by_an_administrator_ends_the_persons_sessions(app, session):
    admin, person = account(session, "Administrator"), account(session, "Auditor")
    client, theirs = signed_in(app, admin), signed_in(app, person)
    assert client.post(f"/console/staff/password/{person.id}", data={"password": "short"}).status_code == 422
    assert client.post(f"/console/staff/password/{person.id}", data={"password": NEW}).status_code == 303
    assert theirs.get("/console/").status_code == 303


def test_one_changes_ones_own_password_with_the_present_one_and_stays_signed_in(app, session):
    me = with_password(session, "Auditor")
    client, elsewhere = signed_in(app, me), signed_in(app, me)
    wrong = client.post("/console/profile/password", data={"current": "not it at all", "password": NEW})
    assert wrong.status_code == 422
    assert client.post("/console/profile/password", data={"current": PASSWORD, "password": NEW}).status_code == 303
    assert client.get("/console/profile/").status_code == 200
    assert elsewhere.get("/console/profile/").status_code == 303


def test_a_hand_made_role_cannot_be_given_out_in_the_console(app, session):
    session.add(Role(name="Friend of the house"))
    session.commit()
    page = signed_in(app, account(session, "Administrator")).get("/console/staff/add").text
    assert "Friend of the house" not in page
    assert "Moderator" in page


def test_roles_themselves_have_no_form(app, session):
    client = signed_in(app, account(session, "Administrator"))
    for path in ("add", "edit/1", "delete/1"):
        assert client.get(f"/console/roles/{path}").status_code == 404


def test_who_has_no_role_is_no_colleague_and_a_colleague_keeps_one(app, session, role_ids):
    client, customer, person = (
        signed_in(app, account(session, "Administrator")),
        account(session),
        account(session, "Moderator"),
    )
    assert client.get(f"/console/staff/edit/{customer.id}").status_code == 404
    assert client.post(f"/console/staff/password/{customer.id}", data={"password": NEW}).status_code == 404
    assert customer.email not in client.get("/console/staff/list/").text
    answer = client.post(f"/console/staff/edit/{person.id}", data=form(person, []))
    assert answer.status_code == 422
    assert "Choose one" in answer.text


def test_the_last_administrator_is_known(session):
    first = account(session, "Administrator")
    others = session.scalars(sa.select(User).where(User.roles.any(Role.name == "Administrator"), User.id != first.id))
    for other in others:
        other.active = False
    session.flush()
    assert person.is_last_administrator(session, first.id)
    account(session, "Administrator")
    assert not person.is_last_administrator(session, first.id)
