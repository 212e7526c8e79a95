"""Questions about a listing: asked from its page, read and answered by both sides, reported by anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, joinedload
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from app.services.catalogue import question as questions
from app.services.catalogue import search
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.listing import Listing
from models.catalogue.question import Question
from models.errors import Conflict, Invalid, NotFound, Refused
from views.storefront.blueprint import storefront
from views.storefront.catalogue.on_sale import on_sale
from views.storefront.guard import customer
from views.storefront.keyed import Keyed
from views.storefront.paging import page_of
from views.storefront.people.person import current_person

FEW = 10


class Ask(Keyed):
    """What somebody wants to know."""

    text = TextAreaField("Your question", [Length(max=questions.MOST)], render_kw={"rows": "4"})
    may_be_shown = BooleanField("My question and the answer may be shown on the page, without my name")


class Report(Keyed):
    """Why it should not stand there."""

    text = TextAreaField("What is wrong with it?", [Length(max=questions.MOST_REPORT)], render_kw={"rows": "4"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as everybody reads it: nothing says who asked."""

    id: UUID
    text: str
    answer: str
    answered_at: datetime


def shown_on(listing: Listing) -> list[Shown]:
    """What the page of a listing shows, the newest answer first."""
    rows = questions.shown_of(session(), listing.id, FEW)
    return [_shown(row) for row in rows]


def _shown(row: Question) -> Shown:
    return Shown(row.id, row.text, row.answer or "", row.answered_at or row.created_at)


@storefront.get("/l/<slug>/question")
@customer
def question_new(slug: str) -> ResponseReturnValue:
    """The form. Raises NotFound for a listing that never was in the shop."""
    return _page(_was_on_sale(session(), slug), Ask(formdata=None))


@storefront.post("/l/<slug>/question")
@customer
def question_ask(slug: str) -> ResponseReturnValue:
    """Asks once for the key of the form."""
    form, actor = Ask(), current_person().buyer()
    listing = _was_on_sale(session(), slug)
    if not form.validate_on_submit():
        return _page(listing, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    said = {"text": form.text.data or "", "may_be_shown": bool(form.may_be_shown.data)}
    try:
        with unit_of_work(actor) as work:
            found = work.get_one(Listing, listing.id)

            def command() -> dict[str, str]:
                return {"question": str(questions.ask(work, found, actor=actor, **said).id)}  # type: ignore[arg-type]

            once(work, "question.ask", form.key.data or "", {"listing": str(listing.id), **said}, command)
    except Invalid as wrong:
        form.take(wrong)
        return _page(_was_on_sale(session(), slug), form, wrong.status)
    except Refused as refused:
        form.again(refused)
        return _page(_was_on_sale(session(), slug), form, refused.status, str(refused))
    flash("Your question is sent. You are told when it is answered.")
    return redirect(url_for("storefront.questions_of_mine"), HTTPStatus.SEE_OTHER)


@storefront.get("/account/questions")
@customer
def questions_of_mine() -> ResponseReturnValue:
    """What was asked, with the answers. A browser that only fetches ahead has not read them."""
    person = current_person()
    asker = person.buyer()
    mine = sa.select(Question).where(Question.asker_organisation_id == asker.organisation_id)
    page = page_of(session(), mine.options(*PARTS), Question.id, request.args.get("before"))
    body = render_template("storefront/catalogue/questions.html", page=page)
    fresh = any(row.answered_at and not row.read_at for row in page.rows)
    if fresh and "prefetch" not in request.headers.get("Sec-Purpose", "") and asker.organisation_id:
        with unit_of_work(asker) as work:
            questions.read(work, asker.organisation_id)
    return body


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
                questions.report(work, found, actor=actor, reason=reason)
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


PARTS = (joinedload(Question.listing), joinedload(Question.seller_organisation))


def _was_on_sale(work: Session, slug: str) -> Listing:
    """On sale now or once: who has its page open is told that it went, and a draft does not exist. Raises NotFound."""
    found = search.by_slug(work, slug)
    if found is None:
        once_there = sa.select(Listing).where(Listing.slug == slug.replace("\0", ""), Listing.published_at.is_not(None))
        found = work.scalars(once_there).first()
    if found is None:
        raise NotFound
    return found


def _page(listing: Listing, form: Ask, status: int = HTTPStatus.OK, problem: str = "") -> ResponseReturnValue:
    there = search.by_slug(session(), listing.slug)
    why = questions.refusal(session(), listing, actor=current_person().buyer())
    body = render_template(
        "storefront/catalogue/question_new.html",
        listing=there,
        at=url_for("storefront.question_ask", slug=listing.slug),
        refusal=why if there else questions.NOT_ON_SALE,
        problem="" if problem == questions.NOT_ON_SALE else problem,
        form=form,
    )
    return body, status if there or status != HTTPStatus.OK else HTTPStatus.CONFLICT


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
    parts = {"row": _shown(row), "listing": row.listing, "form": form, "problem": problem}
    return render_template("storefront/catalogue/question_report.html", **parts), status
