"""Every route is guarded or on the public list, and every screen answers each role as the checked-in tables say."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from security.roles import ROLES, table
from tests.factories.staff import account, signed_in
from tests.house import screens

PUBLIC = {
    "static": "built files and pictures",
    "health.alive": "says that the process lives, and nothing else",
    "health.ready": "says which parts answer, without figures",
    "health.numbers": "asks for METRICS_TOKEN itself",
    "hooks.receive": "checks the provider's signature itself",
    "LoginView.login": "the door",
    "LoginView.logout": "ends a session",
}
GRANTS = Path("security/grants.txt")


def test_every_route_has_a_guard_or_a_reason_to_be_public(app):
    """A new route fails here: give it a guard of views/storefront/guard.py or @has_access, or a line above."""
    open_ones = []
    for rule in app.url_map.iter_rules():
        function = app.view_functions[rule.endpoint]
        inside = rule.endpoint.rpartition(".")[2] in {"action", "action_post"}  # they check each action's permission
        guarded = hasattr(function, "_permission_name") or hasattr(function, "shop_guard") or inside
        if not guarded and rule.endpoint not in PUBLIC:
            open_ones.append(rule.rule)
    assert open_ones == []


def test_the_public_list_names_only_routes_that_exist(app):
    assert set(PUBLIC) <= {rule.endpoint for rule in app.url_map.iter_rules()}


def test_each_permission_has_a_word_and_each_word_a_screen(app):
    """Add it to security/permissions.py, or take it away there."""
    assert screens.offered(app) == screens.vocabulary()


def test_the_table_of_grants_is_the_checked_in_one():
    """`flask roles print > security/grants.txt`, and read the difference before you commit it."""
    assert GRANTS.read_text(encoding="utf-8") == table()


def test_the_table_of_screens_is_the_checked_in_one(app):
    """`python -m tests.house.screens > tests/house/screens.txt`, and read the difference before you commit it."""
    assert screens.FILE.read_text(encoding="utf-8") == screens.table(app)


def ask(client, route):
    if route.label.partition("?")[0].endswith("action_post"):
        form = {"action": route.label.partition("?")[2], "rowid": screens.NOBODY}
        return client.post(route.address, data=form)
    return client.open(route.address, method=route.method)


@pytest.mark.parametrize("role", ROLES, ids=[role.name for role in ROLES])
def test_each_screen_answers_the_role_as_the_table_says(app, session, role):
    client = signed_in(app, account(session, role.name))
    wrong = []
    for route in screens.routes(app):
        status = ask(client, route).status_code
        if (status == 403) is route.allowed(role.pairs()) or status >= 500:
            wrong.append(f"{route.method} {route.label}: {status}")
    assert wrong == []


def test_a_stranger_is_sent_to_sign_in_from_everywhere(app):
    client = app.test_client()
    for route in screens.routes(app):
        answer = ask(client, route)
        assert answer.status_code == 303, route.label
        assert answer.location.startswith("/console/login/"), route.label


def test_a_customer_finds_none_of_it(app, session):
    client = signed_in(app, account(session))
    for route in screens.routes(app):
        assert ask(client, route).status_code == 404, route.label


def test_every_screen_is_in_the_menu_once_and_opens_from_it(app, session):
    import re

    client = signed_in(app, account(session, "Auditor"))
    page = client.get("/console/").text
    links = re.findall(r'class="side-link" href="([^"]+)"', page)
    assert len(links) == len(set(links))
    assert {view.resource for view in app.appbuilder.menu.screens} | {"Profile"} == {r for r, _ in screens.vocabulary()}
    assert len(links) == len(app.appbuilder.menu.screens)


@pytest.fixture(autouse=True)
def _nobody_has_tried_yet(redis_url):
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
