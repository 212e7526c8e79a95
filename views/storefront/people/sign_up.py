"""A new account, and the button behind the link that confirms its address. The page says the same to everybody."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user, login_user

from app.observability import current_request_id
from app.services.people import account_link, account_request, account_standing
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Conflict, Invalid
from models.people.account_link import AccountLinkPurpose
from views import tries
from views.storefront.blueprint import storefront
from views.storefront.guard import person, public
from views.storefront.people.account_forms import Confirm, SignUp
from views.storefront.people.person import current_person

CONFIRM = AccountLinkPurpose.confirm


def stranger() -> Actor:
    """Somebody who has not shown who they are."""
    return Actor.system("somebody not signed in", current_request_id())


@storefront.get("/sign-up")
@public
def sign_up() -> ResponseReturnValue:
    """Whoever is signed in has an account."""
    if current_person().known:
        return redirect(url_for("storefront.home"), HTTPStatus.SEE_OTHER)
    return _form(SignUp())


@storefront.post("/sign-up")
@public
@tries.asking
def do_sign_up() -> ResponseReturnValue:
    """Asks for it. Whether there is an account already is told by mail, to whoever reads that address."""
    form = SignUp()
    about = (form.first_name.data or "", form.last_name.data or "", form.email.data or "")
    if not form.validate_on_submit() or not form.accept_password(form.password, about):
        return _form(form), HTTPStatus.UNPROCESSABLE_ENTITY
    with unit_of_work(stranger()) as work:
        account_request.sign_up(
            work,
            email=form.email.data or "",
            password=form.password.data or "",
            first_name=form.first_name.data or "",
            last_name=form.last_name.data or "",
        )
    return render_template("storefront/people/look_for_mail.html", email=form.email.data, what="sign_up")


@storefront.get("/confirm")
@public
def confirm() -> ResponseReturnValue:
    """Shows a button: programs that follow links in mails confirm nothing."""
    return _confirm(Confirm(link=request.args.get("link", ""), formdata=None))


@storefront.post("/confirm")
@public
@tries.asking
def do_confirm() -> ResponseReturnValue:
    """Whoever holds link and password has the account. The password is what a stranger who signed up with somebody
    else's address cannot be lent: the owner of the address does not know it, and chooses another instead."""
    form = Confirm()
    try:
        link = account_link.find(session(), form.link.data or "", purpose=CONFIRM)
        user = session.get_one(User, link.user_id)
        signed_in = current_user.is_authenticated and current_user.id == user.id
        if not form.validate_on_submit():
            return _confirm(form, HTTPStatus.UNPROCESSABLE_ENTITY)
        if not signed_in:
            account_standing.prove(user, form.password.data or "", field="password")
        with unit_of_work(stranger()) as work:
            user = account_standing.confirm(work, form.link.data or "")
    except account_link.LinkOver:
        return link_over()
    except Invalid as wrong:
        form.take(Invalid("This is not the password of the account.", {"password": "This is not its password"}))
        return _confirm(form, wrong.status)
    if not signed_in:
        login_user(user)
    flash("Your e-mail address is confirmed. You can buy and sell now.", "success")
    return redirect(url_for("storefront.home"), HTTPStatus.SEE_OTHER)


@storefront.get("/account/confirm")
@person
def account_unconfirmed() -> ResponseReturnValue:
    """What an account may do until its address is confirmed."""
    if current_person().confirmed:
        return redirect(url_for("storefront.home"), HTTPStatus.SEE_OTHER)
    return render_template("storefront/people/unconfirmed.html", email=current_user.email, problem="")


@storefront.post("/account/confirm")
@person
@tries.asking
def account_resend_confirmation() -> ResponseReturnValue:
    """Sends the mail again, three times an hour at most."""
    email, me = current_user.email, current_user.id
    try:
        with unit_of_work(current_person().themselves()) as work:
            account_standing.resend_confirmation(work, work.get_one(User, me))
    except Conflict as refused:
        page = render_template("storefront/people/unconfirmed.html", email=email, problem=str(refused))
        return page, refused.status
    flash(f"A new link is on its way to {email}.", "success")
    return redirect(url_for("storefront.account_unconfirmed"), HTTPStatus.SEE_OTHER)


def link_over() -> ResponseReturnValue:
    """One page for a link that was used, is too old, was replaced, or never was."""
    return render_template("storefront/people/link_over.html"), HTTPStatus.GONE


def _form(form: SignUp) -> str:
    return render_template("storefront/people/sign_up.html", form=form)


def _confirm(form: Confirm, status: int = HTTPStatus.OK) -> ResponseReturnValue:
    try:
        link = account_link.find(session(), form.link.data or "", purpose=CONFIRM)
    except account_link.LinkOver:
        return link_over()
    ask = not (current_user.is_authenticated and current_user.id == link.user_id)
    return render_template("storefront/people/confirm.html", form=form, email=link.email, ask=ask), status
