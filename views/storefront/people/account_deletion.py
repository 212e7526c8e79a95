"""The end of an account: what happens, when, what is in the way, and how to take it back."""

from __future__ import annotations

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user

from app.services.people import account_blocker, account_deletion, account_standing
from app.session import session
from app.unit_of_work import unit_of_work
from models.errors import Conflict, Invalid
from views import tries
from views.storefront.blueprint import storefront
from views.storefront.guard import person
from views.storefront.people.account_forms import Deletion
from views.storefront.people.person import current_person


@storefront.get("/account/delete")
@person
def account_delete() -> ResponseReturnValue:
    """Everything about it before anything is pressed."""
    return _page(Deletion(formdata=None))


@storefront.post("/account/delete")
@person
@tries.asking
def account_ask_deletion() -> ResponseReturnValue:
    """Asks for it; there are 14 days to think again."""
    form, me = Deletion(), current_user.id
    if not form.validate_on_submit():
        return _page(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with unit_of_work(current_person().themselves()) as work:
            user = work.get_one(User, me)
            account_standing.prove(user, form.current.data or "")
            account_deletion.ask_deletion(work, user)
    except Invalid as wrong:
        form.take(wrong)
        return _page(form, wrong.status)
    except Conflict as refused:
        form.form_errors.append(str(refused))
        return _page(form, refused.status)
    flash("Your account will be deleted in 14 days. Until then you can keep it.", "success")
    return redirect(url_for("storefront.account_delete"), HTTPStatus.SEE_OTHER)


@storefront.post("/account/delete/cancel")
@person
def account_keep() -> ResponseReturnValue:
    """Takes it back."""
    me = current_user.id
    with unit_of_work(current_person().themselves()) as work:
        account_deletion.cancel_deletion(work, work.get_one(User, me), actor=current_person().themselves())
    flash("Your account stays.", "success")
    return redirect(url_for("storefront.account"), HTTPStatus.SEE_OTHER)


def _page(form: Deletion, status: int = HTTPStatus.OK) -> ResponseReturnValue:
    asked = account_deletion.waiting(session(), current_user.id)
    page = render_template(
        "storefront/people/account_delete.html",
        form=form,
        due=asked.due_at if asked else None,
        blockers=account_blocker.of(session(), current_user.id),
    )
    return page, status
