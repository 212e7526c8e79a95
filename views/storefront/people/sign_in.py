"""Sign-in of customers and providers. One answer for every failure; tries are limited by address and by name."""

from __future__ import annotations

from http import HTTPStatus

from flask import current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from views import tries
from views.storefront.blueprint import storefront
from views.storefront.guard import public, safe_next
from views.storefront.people.person import current_person

NO_MATCH = "This e-mail address and password do not belong together"


class SignIn(FlaskForm):
    """The longest password is the security manager's; longer ones only cost time."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address"), Length(max=320)],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password"), Length(max=128)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


@storefront.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Whoever is signed in already goes on."""
    target = safe_next(request.args.get("next", ""), url_for("storefront.home"))
    if current_person().known:
        return redirect(target, HTTPStatus.SEE_OTHER)
    return _page(SignIn(next=target))


@storefront.post("/sign-in")
@public
@tries.signing_in
def do_sign_in() -> ResponseReturnValue:
    """422 with the form when it does not fit; the password is never shown again."""
    form = SignIn()
    if not form.validate_on_submit():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    manager = current_app.extensions["appbuilder"].sm
    user = manager.auth_user_db(form.email.data.strip(), form.password.data)
    if user is None:
        form.email.errors = [NO_MATCH]
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    login_user(user)
    return redirect(safe_next(form.next.data or "", url_for("storefront.home")), HTTPStatus.SEE_OTHER)


@storefront.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """Forgets everything this browser knew, signed in or not."""
    logout_user()
    session.clear()
    return redirect(url_for("storefront.home"), HTTPStatus.SEE_OTHER)


def _page(form: SignIn) -> str:
    return render_template("storefront/people/sign_in.html", form=form)
