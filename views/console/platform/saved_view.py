"""The forms beside a list that keep, open first and remove its views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_login import current_user

from app.services.platform import saved_view
from app.unit_of_work import unit_of_work
from models.errors import Invalid, NotFound, Refused
from security.permissions import READ
from views.base import ConsoleView, Guarded, operator
from views.listing import kept

MOST_VALUES = 100


class SavedViewView(Guarded, BaseView):
    """Everybody keeps their own; what is shared shows nothing that its reader may not see anyway."""

    resource, label, icon = "Profile", "Saved views", "bookmark"
    class_permission_name = "Profile"
    route_base = "/views"
    default_view = "save"

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("write")
    def save(self) -> ResponseReturnValue:
        """Keeps the list whose query stands in the form."""
        screen = self._screen(request.form.get("screen", ""))
        query = kept(screen, _read(request.form.get("query", "")))
        role = next((one.id for one in current_user.roles if str(one.id) == request.form.get("role")), None)
        try:
            with unit_of_work(operator()) as work:
                row = saved_view.save(
                    work,
                    screen.endpoint,
                    user_id=current_user.id,
                    name=request.form.get("name", ""),
                    query=query,
                    role_id=role,
                    opens_first="first" in request.form,
                )
                name = row.name
        except Refused as refused:
            flash(" ".join([str(refused), *getattr(refused, "fields", {}).values()]), "danger")
        else:
            flash(f"Saved as {name}", "success")
        return _to(screen.endpoint, query)

    @expose("/<pk>/first", methods=["POST"])
    @has_access
    @permission_name("write")
    def first(self, pk: str) -> ResponseReturnValue:
        """The menu opens this view, or with an empty `yes` the whole list."""
        yes = bool(request.form.get("yes"))
        with unit_of_work(operator()) as work:
            row = saved_view.open_first(work, _key(pk), user_id=current_user.id, yes=yes)
            screen, query = row.screen, dict(row.query)
        flash("The menu opens this view now" if yes else "The menu opens the whole list again", "success")
        return _to(screen, query)

    @expose("/<pk>/remove", methods=["POST"])
    @has_access
    @permission_name("write")
    def remove(self, pk: str) -> ResponseReturnValue:
        """The list stays as it is, so that it can be saved again."""
        with unit_of_work(operator()) as work:
            row = saved_view.remove(work, _key(pk), user_id=current_user.id)
            screen, query, name = row.screen, dict(row.query), row.name
        flash(f"{name} is removed. The list below is still the same: save it again to have it back.", "success")
        return _to(screen, query)

    def _screen(self, endpoint: str) -> ConsoleView:
        """A list that this person may read, or 404."""
        views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]
        found = next((one for one in views if one.endpoint == endpoint and isinstance(one, ConsoleView)), None)
        if found is None or not found.may(READ):
            abort(404)
        return found


def _read(address: str) -> dict[str, list[str]]:
    """The parameters of an address, the empty ones too: a period from nowhere until a day begins with one. A zero byte,
    which PostgreSQL has none of, is left out. Raises Invalid for more than a list can have."""
    try:
        found = parse_qs(address, keep_blank_values=True, max_num_fields=MOST_VALUES)
    except ValueError:
        raise Invalid(f"The view was not saved: a list has at most {MOST_VALUES} filters and columns.") from None
    return {name: [value.replace("\0", "") for value in values] for name, values in found.items()}


def _to(screen: str, query: Mapping[str, Any]) -> ResponseReturnValue:
    return redirect(url_for(f"{screen}.list", **dict(query)), 303)


def _key(text: str) -> UUID:
    """Raises NotFound for what is no key."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
