"""Starting: no tables made, no rows written, nothing of Flask-AppBuilder served that we did not ask for."""

from __future__ import annotations

from pathlib import Path

import flask_appbuilder
import pytest
import sqlalchemy as sa
from flask_appbuilder import ModelView
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import event

from tests.compat.lab import Shelf

SHIPPED = Path(flask_appbuilder.__file__).parent / "templates"
NAMES = sorted(str(path.relative_to(SHIPPED)) for path in SHIPPED.rglob("*.html"))


def test_a_start_asks_the_database_nothing(app):
    """Four processes that start together used to race for permission rows, and made tables as the wrong owner."""
    from app.factory import create_app

    asked: list[str] = []
    event.listen(sa.engine.Engine, "before_cursor_execute", lambda *a: asked.append(a[2]), named=False)
    create_app(TESTING=True)
    assert asked == []


@pytest.mark.parametrize("name", NAMES)
def test_each_template_of_flask_appbuilder_is_ours(app, name):
    assert "site-packages" not in str(app.jinja_env.get_template(name).filename)


def test_there_are_as_many_templates_as_when_ours_were_written():
    """An upgrade that brings another page must be looked at."""
    assert len(NAMES) == 56


def test_a_stock_view_wears_our_shell_and_loads_nothing_of_its_own(app, lab_tables, session):
    from app.factory import create_app
    from tests.compat.conftest import Everything
    from tests.conftest import FreshClient
    from tests.factories.staff import account, signed_in

    class StockView(ModelView):
        datamodel = SQLAInterface(Shelf)
        route_base = "/stock"

    made = create_app(TESTING=True, WTF_CSRF_ENABLED=False)
    made.test_client_class = FreshClient
    with made.app_context():
        made.appbuilder.add_view_no_menu(StockView)
    made.appbuilder.sm.permissions_of = lambda _user: Everything()
    shelf = Shelf(name="a shelf")
    session.add(shelf)
    session.commit()
    client = signed_in(made, account(session, "Auditor"))
    for page in ("list/", f"show/{shelf.id}", "add", f"edit/{shelf.id}"):
        answer = client.get(f"/console/stock/{page}")
        assert answer.status_code == 200, page
        assert 'class="shell"' in answer.text
        for old in ("jquery", "bootstrap.min", "select2.min", "fontawesome", "/static/appbuilder"):
            assert old not in answer.text.lower(), (page, old)


def test_pages_have_a_policy_without_inline_code_and_are_never_cached(app):
    answer = app.test_client().get("/console/login/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]


def test_no_template_of_the_console_has_inline_code_or_style():
    root = Path(__file__).resolve().parents[2] / "views" / "templates"
    for page in [*(root / "console").rglob("*.html"), *(root / "appbuilder").rglob("*.html")]:
        text = page.read_text(encoding="utf-8")
        assert " style=" not in text, page
        assert "<script>" not in text, page
        assert "onclick=" not in text, page
        assert "javascript:" not in text, page


def test_a_visit_of_a_stranger_leaves_no_cookie(app):
    """Flask-AppBuilder's language choice put a session on everybody."""
    assert "Set-Cookie" not in app.test_client().get("/console/orders/list/").headers
