"""A password that was forgotten: asked for by anybody, chosen again by whoever reads the mail."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User

from app.services.people import account_link, account_request, account_standing
from app.session import session
from app.unit_of_work import unit_of_work
from models.people.account_link import AccountLinkPurpose
from views import tries
from views.storefront.blueprint import storefront
from views.storefront.guard import public
from views.storefront.people.account_forms import Address, NewPassword
from views.storefront.people.sign_up import link_over, stranger

PASSWORD = AccountLinkPurpose.password


@storefront.get("/password")
@public
def forgotten_password() -> ResponseReturnValue:
    """Which account."""
    return render_template("storefront/people/forgotten_password.html", form=Address(formdata=None))


@storefront.post("/password")
@public
@tries.asking
def ask_for_password() -> ResponseReturnValue:
    """One answer, whether there is such an account or not."""
    form = Address()
    if not form.validate_on_submit():
        page = render_template("storefront/people/forgotten_password.html", form=form)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    with unit_of_work(stranger()) as work:
        account_request.forgotten_password(work, email=form.email.data or "")
    return render_template("storefront/people/look_for_mail.html", email=form.email.data, what="password")


@storefront.get("/password/new")
@public
def new_password() -> ResponseReturnValue:
    """Looking changes nothing."""
    return _page(NewPassword(link=request.args.get("link", ""), formdata=None))


@storefront.post("/password/new")
@public
@tries.asking
def choose_password() -> ResponseReturnValue:
    """Chooses it, once; every sign-in there was is over."""
    form = NewPassword()
    secret = form.link.data or ""
    try:
        user = session.get_one(User, account_link.find(session(), secret, purpose=PASSWORD).user_id)
        about = (user.first_name, user.last_name, user.email)
        if not form.validate_on_submit() or not form.accept_password(form.password, about):
            return _page(form, HTTPStatus.UNPROCESSABLE_ENTITY)
        with unit_of_work(stranger()) as work:
            account_standing.reset_password(work, secret, password=form.password.data or "")
    except account_link.LinkOver:
        return link_over()
    flash("Your password is changed, and every sign-in there was has ended. Sign in with the new one.", "success")
    return redirect(url_for("storefront.sign_in"), HTTPStatus.SEE_OTHER)


def _page(form: NewPassword, status: int = HTTPStatus.OK) -> ResponseReturnValue:
    try:
        link = account_link.find(session(), form.link.data or "", purpose=PASSWORD)
    except account_link.LinkOver:
        return link_over()
    return render_template("storefront/people/new_password.html", form=form, email=link.email), status
