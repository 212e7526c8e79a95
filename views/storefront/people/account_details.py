"""One's own name, e-mail address and password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user

from app.services.people import account_email, account_link, account_request, account_standing
from app.session import session
from app.unit_of_work import unit_of_work
from models.errors import Invalid
from models.people.account_link import AccountLink, AccountLinkPurpose
from security import sessions
from views import tries
from views.storefront.blueprint import storefront
from views.storefront.guard import person, public
from views.storefront.people.account_forms import Name, NewAddress, OwnPassword, TakeAddress
from views.storefront.people.person import current_person
from views.storefront.people.sign_up import link_over, stranger

STAFF = "Staff change this in the console."


@storefront.get("/account")
@person
def account() -> ResponseReturnValue:
    """Three forms on one page."""
    return _page()


@storefront.post("/account/name")
@person
def account_name() -> ResponseReturnValue:
    """Changes it everywhere but in what was signed."""
    form = Name()
    if not form.validate_on_submit():
        return _page(name=form)
    me = current_user.id
    with unit_of_work(current_person().themselves()) as work:
        account_standing.change_name(
            work, work.get_one(User, me), first_name=form.first_name.data or "", last_name=form.last_name.data or ""
        )
    return _done("Your name is changed.")


@storefront.post("/account/password")
@person
@tries.asking
def account_password() -> ResponseReturnValue:
    """One stays signed in here; everywhere else is over."""
    form, me, here = OwnPassword(), current_user.id, sessions.current()
    about = (current_user.first_name, current_user.last_name, current_user.email)
    if not form.validate_on_submit() or not form.accept_password(form.password, about):
        return _page(password=form)
    try:
        with unit_of_work(current_person().themselves()) as work:
            user = work.get_one(User, me)
            account_standing.prove(user, form.current.data or "")
            account_standing.change_password(work, user, password=form.password.data or "", keeping=here)
            sessions.restamp(work, user)
    except Invalid as wrong:
        form.take(wrong)
        return _page(password=form)
    return _done("Your password is changed. You stay signed in here; every other sign-in has ended.")


@storefront.post("/account/email")
@person
@tries.asking
def account_new_email() -> ResponseReturnValue:
    """Asks the new address; until it answers, the old one counts. Whether somebody has it is told only there."""
    form, me = NewAddress(), current_user.id
    if current_user.roles:
        form.take(Invalid(STAFF))
        return _page(email=form)
    if not form.validate_on_submit():
        return _page(email=form)
    try:
        with unit_of_work(current_person().themselves()) as work:
            account_standing.prove(work.get_one(User, me), form.current.data or "")
            account_request.change_email(work, user_id=me, email=form.email.data or "")
    except Invalid as wrong:
        form.take(wrong)
        return _page(email=form)
    return _done(f"We sent a link to {form.email.data}. Press it within 24 hours; until then your old address counts.")


@storefront.get("/account/email/confirm")
@public
def take_email() -> ResponseReturnValue:
    """A button, so that programs which follow links change nothing."""
    return _take(TakeAddress(link=request.args.get("link", ""), formdata=None))


@storefront.post("/account/email/confirm")
@public
@tries.asking
def do_take_email() -> ResponseReturnValue:
    """The new address counts, for whoever holds the link and the account: signed in, or with its password. Somebody who
    is sent the link of a stranger's account gives their address to nobody by pressing a button."""
    form = TakeAddress()
    try:
        link = account_link.find(session(), form.link.data or "", purpose=AccountLinkPurpose.email)
        if not form.validate_on_submit():
            return _take(form, HTTPStatus.UNPROCESSABLE_ENTITY)
        if not _is_own(link):
            account_standing.prove(session.get_one(User, link.user_id), form.password.data or "", field="password")
        with unit_of_work(stranger()) as work:
            account_email.take(work, form.link.data or "")
    except account_link.LinkOver:
        return link_over()
    except Invalid as wrong:
        form.take(Invalid("This is not the password of the account.", {"password": "This is not its password"}))
        return _take(form, wrong.status)
    flash("Your new e-mail address counts from now on, also to sign in.", "success")
    return redirect(url_for("storefront.home"), HTTPStatus.SEE_OTHER)


@storefront.get("/account/email/undo")
@public
def undo_email() -> ResponseReturnValue:
    """The same for the old address."""
    secret = request.args.get("link", "")
    try:
        link = account_link.find(session(), secret, purpose=AccountLinkPurpose.undo_email)
    except account_link.LinkOver:
        return link_over()
    return render_template("storefront/people/take_email.html", email=link.email, secret=secret, back=True)


@storefront.post("/account/email/undo")
@public
@tries.asking
def do_undo_email() -> ResponseReturnValue:
    """The old address counts again, everybody is signed out, and its owner chooses a password."""
    try:
        with unit_of_work(stranger()) as work:
            secret = account_email.take_back(work, request.form.get("link", ""))
    except account_link.LinkOver:
        return link_over()
    flash("Your old e-mail address counts again, and every sign-in has ended. Choose another password now.", "success")
    return redirect(url_for("storefront.new_password", link=secret), HTTPStatus.SEE_OTHER)


def _is_own(link: AccountLink) -> bool:
    return bool(current_user.is_authenticated and current_user.id == link.user_id)


def _take(form: TakeAddress, status: int = HTTPStatus.OK) -> ResponseReturnValue:
    try:
        link = account_link.find(session(), form.link.data or "", purpose=AccountLinkPurpose.email)
    except account_link.LinkOver:
        return link_over()
    words = {"email": link.email, "form": form, "ask": not _is_own(link), "back": False}
    return render_template("storefront/people/take_email.html", **words), status


def _done(text: str) -> ResponseReturnValue:
    flash(text, "success")
    return redirect(url_for("storefront.account"), HTTPStatus.SEE_OTHER)


def _page(**typed: Any) -> ResponseReturnValue:
    forms = {
        "name": Name(formdata=None, first_name=current_user.first_name, last_name=current_user.last_name),
        "email": NewAddress(formdata=None),
        "password": OwnPassword(formdata=None),
        **typed,
    }
    for name, form in forms.items():  # three forms on one page: each field has an id of its own
        for field in form:
            field.id = field.label.field_id = f"{name}-{field.short_name}"
    page = render_template("storefront/people/account.html", forms=forms, wrong=next(iter(typed.values()), None))
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if typed else HTTPStatus.OK
