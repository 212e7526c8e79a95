"""Who gets in, who finds nothing there, and when a session ends."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from werkzeug.security import generate_password_hash

from tests.factories.staff import PASSWORD, account, signed_in, with_password


def sign_in(client, username, password=PASSWORD, query=""):
    return client.post(f"/console/login/{query}", data={"username": username, "password": password})


def test_staff_sign_in_with_user_name_or_e_mail_and_come_to_the_first_page(app, session):
    user = with_password(session, "Auditor")
    for name in (user.username, user.email):
        client = app.test_client()
        answer = sign_in(client, name)
        assert (answer.status_code, answer.location) == (303, "/console/")
        assert client.get("/console/").status_code == 200


def test_the_wrong_password_an_unknown_name_and_a_customer_get_the_same_sentence(app, session):
    staff, customer = with_password(session, "Auditor"), with_password(session)
    answers = [
        sign_in(app.test_client(), staff.username, "not the password"),
        sign_in(app.test_client(), "nobody-here"),
        sign_in(app.test_client(), customer.username),
    ]
    assert {a.status_code for a in answers} == {401}
    assert all("That user name and password do not match." in a.text for a in answers)


def test_a_stranger_is_sent_to_sign_in_and_comes_back_to_where_they_wanted(app):
    answer = app.test_client().get("/console/people/list/?who=staff")
    assert answer.status_code == 303
    assert answer.location == "/console/login/?next=/console/people/list/?who%3Dstaff"


@pytest.mark.parametrize("path", ["/console/", "/console/people/list/", "/console/login/", "/console/nothing-here"])
def test_a_customer_finds_nothing_under_the_console(app, session, path):
    assert signed_in(app, account(session)).get(path).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "http://evil.test/x",
        "//evil.test",
        "/\\evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "/console",
        "/orders",
        "/console/logout/",
        "/console/\r\nx",
    ],
)
def test_next_only_leads_to_a_plain_path_inside_the_console(app, session, wanted):
    user = with_password(session, "Auditor")
    answer = app.test_client().post(
        "/console/login/", query_string={"next": wanted}, data={"username": user.username, "password": PASSWORD}
    )
    assert answer.location == "/console/"


def test_next_leads_to_a_page_of_the_console(app, session):
    user = with_password(session, "Auditor")
    answer = sign_in(app.test_client(), user.username, query="?next=/console/people/list/?who%3Dstaff")
    assert answer.location == "/console/people/list/?who=staff"


def test_a_forged_host_is_refused(app):
    assert app.test_client().get("/console/login/", headers={"Host": "evil.test"}).status_code == 400


def test_a_session_ends_with_its_password_and_with_its_account(app, session):
    user = account(session, "Auditor")
    client = signed_in(app, user)
    assert client.get("/console/").status_code == 200
    user.password = generate_password_hash("another password", method="scrypt:1024:8:1")
    session.commit()
    assert client.get("/console/").status_code == 303
    client = signed_in(app, user)
    assert client.get("/console/").status_code == 200
    user.active = False
    session.commit()
    assert client.get("/console/").status_code == 303


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(app, session):
    user = account(session, "Auditor")
    client = signed_in(app, user)
    assert client.get("/console/people/list/").status_code == 200
    user.roles = []
    session.commit()
    assert client.get("/console/people/list/").status_code == 404


def test_signing_out_is_a_post_and_ends_the_session(app, session):
    client = signed_in(app, account(session, "Auditor"))
    assert client.get("/console/logout/").status_code == 405
    assert client.post("/console/logout/").status_code == 303
    assert client.get("/console/").status_code == 303


def test_two_people_in_one_test_are_two_people(app, session):
    """The tripwire of every permission test: a context left open would keep the first one signed in."""
    first, second = account(session, "Auditor"), account(session)
    assert signed_in(app, first).get("/console/").status_code == 200
    assert signed_in(app, second).get("/console/").status_code == 404


def test_ten_wrong_tries_from_one_network_are_enough_for_a_while(app, session):
    user = with_password(session, "Auditor")
    codes = [sign_in(app.test_client(), user.username, "wrong wrong wrong").status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    assert app.extensions["limiter"]
    assert sign_in(app.test_client(), user.username).status_code == 429


def test_coming_back_often_is_not_guessing(app, session):
    user = with_password(session, "Auditor")
    codes = [sign_in(app.test_client(), user.username).status_code for _ in range(12)]
    assert codes == [303] * 12


def test_there_is_no_json_login_and_nothing_of_flask_appbuilder_outside_the_console(app):
    client = app.test_client()
    assert client.post("/api/v1/security/login", json={"username": "a", "password": "b"}).status_code == 404
    ours = {view.endpoint for view in app.appbuilder.baseviews}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in ours:
            assert rule.rule.startswith("/console/"), rule
    assert not [rule for rule in app.url_map.iter_rules() if "appbuilder" in rule.rule]


def test_strangers_who_guess_elsewhere_do_not_lock_the_owner_out(app, session):
    user = with_password(session, "Auditor")
    guess = {"username": user.username, "password": "wrong wrong wrong"}
    for _ in range(11):
        app.test_client().post("/console/login/", data=guess, environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert sign_in(app.test_client(), user.username).status_code == 303


def test_a_flood_from_everywhere_still_lets_in_the_browser_that_is_known(app, session, monkeypatch):
    user = with_password(session, "Auditor")
    known = app.test_client()
    assert sign_in(known, user.username).status_code == 303
    known.post("/console/logout/")
    for n in range(100):
        guess = {"username": user.username.upper() if n % 2 else user.username, "password": "wrong wrong wrong"}
        address = {"REMOTE_ADDR": f"2001:db8:{n:x}::1"}
        assert app.test_client().post("/console/login/", data=guess, environ_overrides=address).status_code == 401
    assert sign_in(app.test_client(), user.username).status_code == 429
    assert sign_in(known, user.username).status_code == 303


def test_a_sign_in_is_counted_and_leaves_an_audit_row(app, session):
    user = with_password(session, "Auditor")
    sign_in(app.test_client(), user.username, "wrong wrong wrong")
    session.expire_all()
    assert user.fail_login_count == 1
    sign_in(app.test_client(), user.username)
    session.expire_all()
    assert (user.login_count, user.fail_login_count) == (1, 0)
    trail = session.execute(
        sa.text(
            "select actor_name from audit_event where entity = 'ab_user' and entity_id = :id and actor_name = 'sign-in'"
        ),
        {"id": str(user.id)},
    )
    assert [name for (name,) in trail] == ["sign-in", "sign-in"]
