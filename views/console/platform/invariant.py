"""What must always hold, asked of the database now."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.services.platform import invariant
from app.session import session
from models.types import utc_now
from views.base import Guarded


class InvariantView(Guarded, BaseView):
    """Opening the page asks; nothing here is remembered from yesterday."""

    resource, label, group, icon = "Invariant", "Invariants", "Books", "checklist"
    class_permission_name = "Invariant"
    route_base = "/invariants"
    default_view = "check"

    @expose("/")
    @has_access
    @permission_name("read")
    def check(self) -> ResponseReturnValue:
        findings = invariant.check_all(session())
        broken = [finding for finding in findings if not finding.holds]
        page = self.render_template(
            "console/invariants.html", title=self.label, view=self, findings=findings, broken=broken, asked=utc_now()
        )
        return str(page)
