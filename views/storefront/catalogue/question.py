"""Questions about a listing as their askers meet them: asked from its page, read with their answers."""

from __future__ import annotations

from http import HTTPStatus

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from app.services.catalogue import question as questions
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.listing import Listing
from models.catalogue.question import Question, QuestionState
from models.errors import Invalid, Refused
from views.storefront.blueprint import storefront
from views.storefront.catalogue.once_on_sale import once_on_sale, still_on_sale
from views.storefront.guard import customer
from views.storefront.keyed import Keyed
from views.storefront.paging import page_of
from views.storefront.people.person import current_person


class Ask(Keyed):
    """What somebody wants to know."""

    text = TextAreaField("Your question", [Length(max=questions.MOST)], render_kw={"rows": "4"})
    may_be_shown = BooleanField("My question and the answer may be shown on the page, without my name")


@storefront.get("/l/<slug>/question")
@customer
def question_new(slug: str) -> ResponseReturnValue:
    """The form. Raises NotFound for a listing that never was in the shop."""
    return _page(once_on_sale(session(), slug), Ask(formdata=None))


@storefront.post("/l/<slug>/question")
@customer
def question_ask(slug: str) -> ResponseReturnValue:
    """Asks once for the key of the form."""
    form, actor = Ask(), current_person().buyer()
    listing = once_on_sale(session(), slug)
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
        return _page(once_on_sale(session(), slug), form, wrong.status)
    except Refused as refused:
        form.again(refused)
        return _page(once_on_sale(session(), slug), form, refused.status, str(refused))
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
    shown = (row for row in page.rows if row.answered_at and not row.read_at)
    seen = {row.id: row.version for row in shown if row.state is not QuestionState.hidden}
    if seen and "prefetch" not in request.headers.get("Sec-Purpose", "") and asker.organisation_id:
        with unit_of_work(asker) as work:
            questions.read(work, asker.organisation_id, seen)
    return body


PARTS = (joinedload(Question.listing), joinedload(Question.seller_organisation))


def _page(listing: Listing, form: Ask, status: int = HTTPStatus.OK, problem: str = "") -> ResponseReturnValue:
    there = still_on_sale(session(), listing)
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
