"""A provider says when they are away, sees what is agreed for those days, and comes back early."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from http import HTTPStatus

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import DateField, HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.services.people import absence, holiday
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.commerce.order import Order, OrderState
from models.commerce.quote_request import QuoteRequest
from models.errors import Conflict, Invalid
from models.people.seller import Seller
from views.storefront.blueprint import storefront
from views.storefront.guard import provider
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person


class HolidayForm(Keyed):
    """Days and words. `seen` is the SHA-256 of the orders of those days that were shown before the last press."""

    from_day = DateField("First day away", [InputRequired("Choose the first day you are away, like 24/12/2026")])
    until_day = DateField("First day back", [InputRequired("Choose the day you are back, like 04/01/2027")])
    note = TextAreaField(
        "What customers read meanwhile",
        [Length(max=holiday.LONGEST_NOTE, message=f"Use at most {holiday.LONGEST_NOTE} characters")],
        render_kw={"rows": "3"},
    )
    seen = HiddenField(validators=[Length(max=64)])


@storefront.get("/pro/holiday")
@provider
def pro_holiday() -> ResponseReturnValue:
    """The holiday that runs or comes, or an empty form."""
    away = absence.of(_seller(session()))
    said = {"from_day": away.from_day, "until_day": away.until_day, "note": away.note} if away else {}
    return _page(HolidayForm(formdata=None, data=said))


@storefront.post("/pro/holiday")
@provider
def pro_holiday_set() -> ResponseReturnValue:
    """With orders on those days it asks once more, naming them. 422 with the form filled when the days do not fit."""
    form, actor = HolidayForm(), current_person().seller()
    if not form.validate_on_submit():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with unit_of_work(actor) as work:
            row = _seller(work)

            def command() -> dict[str, str]:
                days = {"from_day": form.from_day.data, "until_day": form.until_day.data}
                holiday.set_away(work, row, actor=actor, note=form.note.data or "", **days)
                _look_at(form, holiday.visits_within(work, row.organisation_id, **days))
                return {"until": form.until_day.data.isoformat()}

            asked = {name: str(value) for name, value in form.contents().items() if name != "seen"}
            once(work, "holiday.set", form.key.data or "", asked, command)
    except _Unseen:
        return _page(form, asking=True)
    except Invalid as wrong:
        form.take(wrong)
        return _page(form), wrong.status
    except Conflict as refusal:
        form.again(refusal)
        form.form_errors.append(str(refusal))
        return _page(form), refusal.status
    flash("Customers see that you are away. It ends by itself.", "success")
    return redirect(url_for("storefront.pro_holiday"), HTTPStatus.SEE_OTHER)


@storefront.post("/pro/holiday/end")
@provider
def pro_holiday_end() -> ResponseReturnValue:
    """Back today, or not away after all."""
    actor = current_person().seller()
    try:
        with unit_of_work(actor) as work:
            holiday.end(work, _seller(work), actor=actor)
    except Conflict as over:
        flash(str(over), "info")
    else:
        flash("Your holiday is over: visits are on offer again.", "success")
    return redirect(url_for("storefront.pro_holiday"), HTTPStatus.SEE_OTHER)


class _Unseen(Exception):  # noqa: N818
    """Orders of those days were not shown yet: nothing is kept, and they are."""


def _look_at(form: HolidayForm, orders: Sequence[Order]) -> None:
    """Raises _Unseen unless the person has seen exactly these orders."""
    named = ",".join(sorted(order.reference for order in orders))
    now = hashlib.sha256(named.encode()).hexdigest()
    if orders and form.seen.data != now:
        form.seen.data = now
        raise _Unseen


def _seller(work: Session) -> Seller:
    mine = sa.select(Seller).where(Seller.organisation_id == current_person().seller().organisation_id)
    return work.scalars(mine).one()


def _page(form: HolidayForm, *, asking: bool = False) -> str:
    row = _seller(session())
    away = absence.of(row)
    first, back = form.from_day.data, form.until_day.data
    orders: Sequence[Order] = []
    quotes: Sequence[QuoteRequest] = []
    if first and back and not form.errors:
        orders = holiday.visits_within(session(), row.organisation_id, from_day=first, until_day=back)
        quotes = holiday.quotes_within(session(), row.organisation_id, from_day=first, until_day=back)
    return render_template(
        "storefront/people/holiday.html",
        form=form,
        away=away,
        orders=orders,
        quotes=quotes,
        asking=asking,
        waiting=[one for one in orders if one.state is OrderState.pending_acceptance],
    )
