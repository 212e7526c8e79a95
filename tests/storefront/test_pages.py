"""What every page has: headers that hold, words without scripts, errors in the shop's clothes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from jinja2 import nodes
from sqlalchemy.exc import OperationalError

from app.services.platform import clock
from views.storefront import home
from views.storefront.people.person import current_person

KIT = "storefront/kit.html"
MACRO_FILES = re.compile(r"storefront/(commerce/)?_\w+\.html")
PLAIN_PARTS = ("photo-strip", "photo-row", "seller-facts", "card-media", "crumbs", "tabs", "search-bar", "chips",
               "where-bar", "key-dot", "act-head", "book-in", "pay-summary", "dockbar")  # fmt: skip
ON_NO_KIT = {
    "storefront/_parts.html": {"shared"},  # what programs are told; nobody sees it
    # Made of a whole order, quote or review with its rows; tests/browser/test_every_page.py looks at them in the story.
    "storefront/commerce/_order_parts.html": {"ways", "cancelling", "facts", "files", "list"},
    "storefront/commerce/_quote_parts.html": {"badge", "list", "job", "sum", "terms", "tabs"},
    "storefront/commerce/_review_parts.html": {"form_of", "state", "panel"},
}
PUBLIC = ("/", "/services", "/services/electrical", "/sign-in", "/legal/order-terms", "/nowhere")


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere(visitor, path):
    answer = visitor.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<[a-z][^>]* (style|on[a-z]+)=", answer.text)
    body = re.sub(r'<link rel="canonical"[^>]*>', "", answer.text)
    assert not re.search(r'(src|href|action)="https?://', body)


def test_a_form_may_lead_to_the_payment_page_and_nowhere_else(app, visitor):
    policy = visitor.get("/").headers["Content-Security-Policy"]
    public_url = app.extensions["parts"].config.payments_public_url
    assert f"form-action 'self' {public_url};" in policy


def test_the_theme_is_chosen_by_a_form_and_drawn_by_the_server(visitor):
    answer = visitor.send("/preferences/theme", {"theme": "dark", "next": "/services"})
    assert (answer.status_code, answer.location) == (303, "/services")
    assert 'data-theme="dark"' in visitor.page("/services")
    visitor.send("/preferences/theme", {"theme": "auto"})
    assert "data-theme" not in visitor.page("/services")


@pytest.mark.parametrize("target", ["//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"])
def test_no_form_leads_to_another_site(visitor, target):
    assert visitor.send("/preferences/theme", {"theme": "dark", "next": target}).location == "/"


def test_every_version_of_a_text_keeps_its_address(visitor):
    now = visitor.page("/legal/cancellation-information")
    assert "Version 1.0.0" in now
    assert "<h2>Right to cancel</h2>" in now
    assert visitor.get("/legal/cancellation-information/1.0.0").status_code == 200
    assert visitor.get("/legal/cancellation-information/9.9.9").status_code == 404
    assert visitor.get("/legal/nothing").status_code == 404


def test_the_kit_is_for_development_only(visitor):
    assert visitor.get("/kit").status_code == 404


def test_a_database_that_is_gone_is_a_clear_503_and_not_a_trace(visitor, monkeypatch):
    def broken(*_args, **_named):
        raise OperationalError("select 1", {}, Exception("the database is starting up"))

    monkeypatch.setattr(home.search, "newest", broken)
    answer = visitor.get("/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Nothing was lost" in answer.text
    assert "starting up" not in answer.text


def test_the_error_page_of_a_lost_database_asks_the_database_nothing(buyer, monkeypatch):
    def broken(*_args, **_named):
        raise OperationalError("select 1", {}, Exception("gone"))

    monkeypatch.setattr("views.storefront.people.person._read", broken)
    assert buyer.get("/services").status_code == 503


def test_the_error_page_of_somebody_known_counts_no_news(buyer, monkeypatch):
    """The database went away after the request had learnt who is looking."""

    def broken(*_args, **_named):
        assert current_person().known
        raise OperationalError("select 1", {}, Exception("gone"))

    monkeypatch.setattr(home.search, "newest", broken)
    monkeypatch.setattr("views.storefront.platform.notification.notification.unread_count", broken)
    assert buyer.get("/").status_code == 503


def test_a_page_says_that_its_clock_is_moved_and_says_nothing_in_real_time(visitor, monkeypatch):
    assert "Rehearsal" not in visitor.page("/")
    monkeypatch.setattr(clock, "shift", lambda: timedelta(days=6, minutes=3))
    assert "Rehearsal: the clock is 6 d ahead" in visitor.page("/")


def test_a_fault_of_ours_shows_a_reference_and_no_inside(visitor, monkeypatch):
    def broken(*_args, **_named):
        raise ValueError("secret inside")

    monkeypatch.setattr(home.search, "newest", broken)
    visitor.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "Reference" in answer.text
    assert "secret inside" not in answer.text


def test_a_reader_of_json_gets_the_problem_as_json(visitor):
    answer = visitor.client.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 404


def test_the_kit_shows_every_part(app, visitor, monkeypatch):
    """A new macro is on the page, called there or by one that is, or it stands in ON_NO_KIT."""
    monkeypatch.setitem(app.config, "ENVIRONMENT", "development")
    page = visitor.page("/kit")
    for part in PLAIN_PARTS:
        assert f'"{part}' in page or f" {part}" in page, part
    calls = {}
    for name in sorted(one for one in app.jinja_env.list_templates() if MACRO_FILES.fullmatch(one)):
        for macro in _parsed(app, name).find_all(nodes.Macro):
            calls[(name, macro.name)] = _called(app, name, macro)
    reached, new = set(), _called(app, KIT, _parsed(app, KIT))
    while new:
        reached |= new
        new = {more for one in new for more in calls.get(one, ())} - reached
    missing = {f"{name}: {macro}" for name, macro in calls.keys() - reached}
    assert missing == {f"{name}: {macro}" for name, macros in ON_NO_KIT.items() for macro in macros}


def _parsed(app, name):
    return app.jinja_env.parse(app.jinja_env.loader.get_source(app.jinja_env, name)[0])


def _called(app, name, within):
    """The macros called here, as (template, macro)."""
    aliases = {one.target: one.template.value for one in _parsed(app, name).find_all(nodes.Import)}
    aliases.setdefault("ui", "storefront/_parts.html")  # base.html has it for every page
    found = set()
    for call in within.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name):
            found.add((name, call.node.name))
        elif isinstance(call.node, nodes.Getattr) and isinstance(call.node.node, nodes.Name):
            found.add((aliases.get(call.node.node.name), call.node.attr))
    return found
