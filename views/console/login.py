"""The staff's door. One sentence for every failure, limits by address and by account, and only a relative way back."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.views import AuthView
from flask_login import current_user, login_user, logout_user
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.extensions import CONSOLE, csrf  # noqa: F401  the form carries csrf's token
from security.passwords import LONGEST
from views import tries
from views.base import Guarded
from views.forms import ConsoleForm

WRONG = "That user name and password do not match."
HOME = f"{CONSOLE}/"


class LoginForm(ConsoleForm):
    """What somebody types at the door; a longer password than any of ours is not worth hashing."""

    username = StringField("User name or e-mail", [InputRequired("Enter your user name"), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Enter your password"), Length(max=LONGEST)])


class LoginView(Guarded, AuthView):
    """`/console/login/` and `/console/logout/`. Customers sign in at the shop; here their password does not open."""

    login_template = "appbuilder/general/security/login_db.html"
    limits = tries.CONSOLE

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> ResponseReturnValue:
        if current_user.is_authenticated:
            return redirect(way_back())
        form = LoginForm()
        if request.method == "POST" and form.validate():
            user = self.appbuilder.sm.auth_user_db(form.username.data.strip(), form.password.data)
            if user and self.appbuilder.sm.is_staff(user):
                login_user(user, remember=False)
                return redirect(way_back(), 303)
            form.form_errors.append(WRONG)
        form.password.data = None
        page = self.render_template(self.login_template, title="Sign in", form=form)
        return page, 401 if form.form_errors else 422 if form.errors else 200

    @expose("/logout/", methods=["POST"])
    def logout(self) -> ResponseReturnValue:
        """By POST: a picture on another site must not sign anybody out."""
        logout_user()
        session.clear()
        return redirect(url_for("LoginView.login"), 303)


def way_back() -> str:
    """`next`, if it is a plain path inside the console; else the first page."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    inside = wanted.startswith(HOME) and not parts.scheme and not parts.netloc and "\\" not in wanted
    return wanted if inside and wanted.isprintable() and not wanted.startswith(f"{CONSOLE}/log") else HOME
