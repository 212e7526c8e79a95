"""The first page after signing in: what waits for you, each figure a link to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import IndexView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_login import current_user

from app.session import session
from security.permissions import READ
from security.roles import BY_NAME
from views.base import Guarded


@dataclass(frozen=True)
class Waiting:
    """One line of it; there is at least one."""

    label: str
    count: int
    url: str
    icon: str
    urgent: bool


class HomeView(Guarded, IndexView):
    """Everybody on the staff has it. What waits is asked in one statement, and only what the person can do something
    about; the other figures are those of the menu."""

    resource, label, group, icon = "Home", "Today", "My work", "home"
    class_permission_name = "Home"

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> ResponseReturnValue:
        roles = [BY_NAME[role.name] for role in current_user.roles if role.name in BY_NAME]
        asked = any(duty.verb != READ and view.may(duty.verb) for view in self._screens() for duty in view.duties())
        waits = self._waits()
        page = self.render_template(
            "console/home.html", title="Today", view=self, roles=roles, waits=waits, asked=asked
        )
        return str(page)

    def _screens(self) -> list[Any]:
        """Screens with duties that this person has."""
        may = self.appbuilder.sm.may
        shown = [view for view in self.appbuilder.menu.screens if may(view.resource, READ)]
        return [view for view in shown if any(view.may(duty.verb) for duty in view.duties())]

    def _waits(self) -> Sequence[Waiting]:
        mine = [(view, duty) for view in self._screens() for duty in view.duties() if view.may(duty.verb)]
        if not mine:
            return ()
        counts = session.execute(sa.select(*(duty.count.scalar_subquery() for _, duty in mine))).one()
        found = [
            Waiting(duty.label, count, url_for(f"{view.endpoint}.list", **duty.args), view.icon, duty.urgent)
            for (view, duty), count in zip(mine, counts, strict=True)
            if count
        ]
        return sorted(found, key=lambda one: not one.urgent)
