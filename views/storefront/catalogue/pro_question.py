"""A provider's questions: what waits, an answer, and whether it stands on the listing's page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, joinedload
from wtforms import TextAreaField
from wtforms.validators import Length

from app.services.catalogue import question as questions
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.listing import ListingState
from models.catalogue.question import Question, QuestionState
from models.errors import Conflict, Invalid, NotFound
from views.storefront.blueprint import storefront
from views.storefront.guard import provider
from views.storefront.keyed import Keyed
from views.storefront.paging import PAGE, Page, page_of
from views.storefront.people.person import current_person

Verb = Callable[..., object]


class Reply(Keyed):
    """The answer."""

    text = TextAreaField("Your answer", [Length(max=questions.MOST_ANSWER)], render_kw={"rows": "5"})


@storefront.get("/pro/questions")
@provider
def pro_questions() -> ResponseReturnValue:
    """What waits for an answer, oldest first, and what was answered."""
    seller = current_person().seller().organisation_id
    mine = sa.select(Question).where(Question.seller_organisation_id == seller).options(joinedload(Question.listing))
    rest = mine.where(Question.state != QuestionState.asked)
    return render_template(
        "storefront/catalogue/pro_questions.html",
        waiting=_oldest(mine.where(Question.state == QuestionState.asked), request.args.get("after", "")),
        page=page_of(session(), rest, Question.id, request.args.get("before")),
    )


def _oldest(query: sa.Select[Any], after: str) -> Page[Question]:
    """As `page_of`, the other way round: the oldest that are newer than `after`."""
    with suppress(ValueError):  # the first page
        query = query.where(Question.id > UUID(after))
    rows = list(session.scalars(query.order_by(Question.id).limit(PAGE + 1)))
    return Page(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


@storefront.get("/pro/questions/<uuid:question_id>")
@provider
def pro_question(question_id: UUID) -> ResponseReturnValue:
    """One question with its form."""
    return _page(question_id)


@storefront.post("/pro/questions/<uuid:question_id>")
@provider
def pro_question_answer(question_id: UUID) -> ResponseReturnValue:
    """Answers it, or puts the answer right while nobody has read it."""
    form = Reply()
    if not form.validate_on_submit():
        return _page(question_id, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    done = "Your answer is sent. The customer is told."
    return _do(question_id, form, "question.answer", questions.answer, done, text=form.text.data or "")


@storefront.post("/pro/questions/<uuid:question_id>/publish")
@provider
def pro_question_publish(question_id: UUID) -> ResponseReturnValue:
    """Shows question and answer on the listing's page."""
    return _do(question_id, Keyed(), "question.publish", questions.publish, "It stands on the page of the listing now.")


@storefront.post("/pro/questions/<uuid:question_id>/take-down")
@provider
def pro_question_take_down(question_id: UUID) -> ResponseReturnValue:
    """Takes them off it."""
    return _do(question_id, Keyed(), "question.take_down", questions.take_down, "It is off the page of the listing.")


def _do(question_id: UUID, form: Keyed, scope: str, verb: Verb, done: str, **said: Any) -> ResponseReturnValue:
    actor = current_person().seller()
    _own(session(), question_id)
    try:
        with unit_of_work(actor) as work:
            row = _own(work, question_id)

            def command() -> dict[str, str]:
                verb(work, row, actor=actor, **said)
                return {"state": row.state.name}

            once(work, scope, form.key.data or "", {"question": str(question_id), **said}, command)
    except Invalid as wrong:
        form.take(wrong)
        return _page(question_id, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _page(question_id, form, refused.status, str(refused))
    flash(done)
    return redirect(url_for("storefront.pro_question", question_id=question_id), HTTPStatus.SEE_OTHER)


def _own(work: Session, question_id: UUID) -> Question:
    """A question to the organisation the person sells for. Raises NotFound."""
    row = work.get(Question, question_id)
    if row is None or row.seller_organisation_id != current_person().seller().organisation_id:
        raise NotFound
    return row


def _page(
    question_id: UUID, form: Keyed | None = None, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    row = _own(session(), question_id)
    changing = row.state is QuestionState.answered and row.read_at is None
    reply = form if isinstance(form, Reply) else Reply(formdata=None, data={"text": row.answer or ""})
    body = render_template(
        "storefront/catalogue/pro_question.html",
        row=row,
        can_answer=changing or row.state is QuestionState.asked,
        on_sale=row.listing.state is ListingState.live,
        form=reply,
        keyed=Keyed(formdata=None),
        problem=problem,
    )
    return body, status
