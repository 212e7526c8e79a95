"""Everything under /console/: `install` builds Flask-AppBuilder around our screens."""

from __future__ import annotations

import logging

from flask import Flask

from app.extensions import ConsoleBuilder
from app.session import session
from security.manager import Manager
from views.console import gate
from views.console.home import HomeView
from views.console.login import LoginView
from views.console.screens import PLAIN, SCREENS
from views.menu import ConsoleMenu


class ConsoleManager(Manager):
    """The security manager with the view classes it may not import itself."""

    authdbview = LoginView


def install(app: Flask) -> ConsoleBuilder:
    """Registers the console on `app`, inside its application context. Reads and writes no row."""
    logging.getLogger("flask_appbuilder").setLevel(logging.WARNING)  # it tells each start, and commands print tables
    menu = ConsoleMenu()
    builder = ConsoleBuilder(menu=menu, indexview=HomeView, security_manager_class=ConsoleManager)
    builder.init_app(app, session)
    app.extensions["babel"].locale_selector = None  # English; its own choice would put a cookie on every visitor
    views = [builder.add_view_no_menu(view) for view in (*SCREENS, *PLAIN)]
    menu.screens = [builder._indexview, *views[: len(SCREENS)]]  # noqa: SLF001
    gate.install(app)
    return builder
