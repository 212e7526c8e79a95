"""The first page after signing in: what waits for you, each figure a link to its rows."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_appbuilder import IndexView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_login import current_user

from security.roles import BY_NAME
from views.base import Guarded


class HomeView(Guarded, IndexView):
    """Everybody on the staff has it. Figures are those of the menu: no second count that could differ."""

    resource, label, group, icon = "Home", "Today", "My work", "home"
    class_permission_name = "Home"

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> ResponseReturnValue:
        roles = [BY_NAME[role.name] for role in current_user.roles if role.name in BY_NAME]
        return str(self.render_template("console/home.html", title="Today", view=self, roles=roles))
