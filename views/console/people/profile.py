"""One's own account."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.session import session as rows
from app.unit_of_work import unit_of_work
from security import sessions
from security.passwords import LONGEST
from views.base import Guarded, operator
from views.console.people.user import accept_password
from views.forms import ConsoleForm


class NameForm(ConsoleForm):
    """How colleagues see one."""

    first_name = StringField("First name", [InputRequired("Enter your first name"), Length(max=64)])
    last_name = StringField("Last name", [InputRequired("Enter your last name"), Length(max=64)])


class OwnPasswordForm(ConsoleForm):
    """The old password proves that it is you."""

    current = PasswordField("Present password", [InputRequired("Enter your present password"), Length(max=LONGEST)])
    password = PasswordField(
        "New password", [InputRequired("Enter a new password")], description="Twelve characters or more"
    )


class ProfileView(Guarded, BaseView):
    """Name and password. E-mail, user name and roles are given by an administrator."""

    resource, label, icon = "Profile", "Your account", "user"
    class_permission_name = "Profile"
    route_base = "/profile"
    default_view = "profile"

    @expose("/")
    @has_access
    @permission_name("read")
    def profile(self) -> ResponseReturnValue:
        return str(self.render_template("console/profile.html", title=self.label, view=self, user=current_user))

    @expose("/name", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def name(self) -> ResponseReturnValue:
        form = NameForm(obj=current_user)
        if request.method == "POST" and form.validate():
            with unit_of_work(operator()):
                me = rows.get(User, operator().user_id)
                me.first_name, me.last_name = form.first_name.data.strip(), form.last_name.data.strip()  # type: ignore[union-attr]
            flash("Saved", "success")
            return redirect(url_for("ProfileView.profile"), 303)
        return self._form(form, "Your name", ["first_name", "last_name"])

    @expose("/password", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def password(self) -> ResponseReturnValue:
        form = OwnPasswordForm()
        if request.method == "POST" and form.validate() and self._accepted(form):
            with unit_of_work(operator(), reason="own password changed") as work:
                me: Any = rows.get(User, operator().user_id)
                me.password = generate_password_hash(form.password.data, method="scrypt")
                sessions.restamp(work, me)
            flash("Your password is changed. Your other sessions have ended; this one goes on.", "success")
            return redirect(url_for("ProfileView.profile"), 303)
        return self._form(form, "Change password", ["current", "password"])

    def _accepted(self, form: OwnPasswordForm) -> bool:
        if not check_password_hash(current_user.password, form.current.data):
            form.current.errors = [*form.current.errors, "This is not your present password"]
            return False
        return accept_password(form.password, current_user)

    def _form(self, form: ConsoleForm, title: str, fields: list[str]) -> ResponseReturnValue:
        groups = [("", {"fields": fields})]
        page = self.render_template("console/form.html", view=self, form=form, groups=groups, title=title)
        return page, 422 if form.errors else 200
