"""An invitation as the invited see it: who invites, and one button."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user

from app.services.people import account_link, invitation
from app.session import session
from app.unit_of_work import unit_of_work
from views import tries
from views.storefront.blueprint import storefront
from views.storefront.guard import person, public
from views.storefront.people.person import current_person
from views.storefront.people.sign_up import link_over


@storefront.get("/invitation")
@public
def see_invitation() -> ResponseReturnValue:
    """Who invites, and a button for the invited."""
    return _invitation(request.args.get("link", ""))


@storefront.post("/account/invitation")
@person
@tries.asking
def account_accept_invitation() -> ResponseReturnValue:
    """Only signed in with the invited, confirmed address."""
    secret, me = request.form.get("link", ""), current_user.id
    if not current_person().confirmed:
        return redirect(url_for("storefront.account_unconfirmed"), HTTPStatus.SEE_OTHER)
    try:
        with unit_of_work(current_person().themselves()) as work:
            name = invitation.accept(work, secret, user=work.get_one(User, me)).organisation.name
    except account_link.LinkOver:
        return link_over()
    flash(f"You act for {name} too. Choose in the menu for whom.", "success")
    return redirect(url_for("storefront.account_organisations"), HTTPStatus.SEE_OTHER)


def _invitation(secret: str) -> ResponseReturnValue:
    try:
        row = invitation.find(session(), secret)
    except account_link.LinkOver:
        return link_over()
    mine = current_user.is_authenticated and current_user.email == row.email
    return render_template("storefront/people/invitation.html", row=row, mine=mine, secret=secret)
