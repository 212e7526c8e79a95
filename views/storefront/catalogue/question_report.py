"""Anybody reports a question, or its answer, that stands on a listing's page."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import TextAreaField
from wtforms.validators import Length

from app.services.catalogue import question_report as reports
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.question import Question
from models.errors import Conflict, Invalid, NotFound
from views.storefront.blueprint import storefront
from views.storefront.catalogue.on_sale import on_sale
from views.storefront.catalogue.question_shown import shown
from views.storefront.guard import customer
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person


class Report(Keyed):
    """Why it should not stand there."""

    text = TextAreaField("What is wrong with it?", [Length(max=reports.MOST)], render_kw={"rows": "4"})


@storefront.get("/questions/<uuid:question_id>/report")
@customer
def question_report(question_id: UUID) -> ResponseReturnValue:
    """The form to report one. Raises NotFound for one that nobody may read."""
    return _report_page(question_id, Report(formdata=None))


@storefront.post("/questions/<uuid:question_id>/report")
@customer
def question_report_send(question_id: UUID) -> ResponseReturnValue:
    """Sends it to the moderators, once."""
    form, row = Report(), _readable(session(), question_id)
    back = url_for("storefront.listing", slug=row.listing.slug)
    if not form.validate_on_submit():
        return _report_page(question_id, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    actor, reason = current_person().buyer(), form.text.data or ""
    try:
        with unit_of_work(actor) as work:
            found = _readable(work, question_id)

            def command() -> dict[str, str]:
                reports.report(work, found, actor=actor, reason=reason)
                return {"state": found.state.name}

            once(work, "question.report", form.key.data or "", {"question": str(question_id), "text": reason}, command)
    except Invalid as wrong:
        form.take(wrong)
        return _report_page(question_id, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _report_page(question_id, form, refused.status, str(refused))
    flash("Thank you. A person here reads it and decides.")
    return redirect(back, HTTPStatus.SEE_OTHER)


def _readable(work: Session, question_id: UUID) -> Question:
    """One that stands on the page of a listing on sale. Raises NotFound."""
    row = work.get(Question, question_id)
    if row is None or not row.shown:
        raise NotFound
    on_sale(work, row.listing.slug)
    return row


def _report_page(
    question_id: UUID, form: Report, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    row = _readable(session(), question_id)
    parts = {"row": shown(row), "listing": row.listing, "form": form, "problem": problem}
    return render_template("storefront/catalogue/question_report.html", **parts), status
