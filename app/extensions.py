"""Flask's extensions, each made once and bound by the factory."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import AppBuilder
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect

CONSOLE = "/console"

csrf = CSRFProtect()
limiter = Limiter(get_remote_address)


def under_console(route_base: str | None, name: str) -> str:
    """Where a view lives: `/console/` before its own base, or before its class name in lower case."""
    base = f"/{name.lower()}" if route_base is None else route_base
    return base if base == CONSOLE or base.startswith(f"{CONSOLE}/") else f"{CONSOLE}{base}"


class ConsoleBuilder(AppBuilder):
    """Flask-AppBuilder under /console/, with its first page and its sign-in and nothing else of its own: no static
    files, no language switch, no back stack, no menu API."""

    def register_blueprint(self, baseview: Any, endpoint: str | None = None, static_folder: str | None = None) -> None:
        """Every view of Flask-AppBuilder and of ours passes here, so here its address is rewritten."""
        baseview.route_base = under_console(baseview.route_base, type(baseview).__name__)
        super().register_blueprint(baseview, endpoint=endpoint, static_folder=static_folder)

    def _add_global_static(self) -> None:
        """Bootstrap 3, jQuery and Select2 stay in their package."""

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()
