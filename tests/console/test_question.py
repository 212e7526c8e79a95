"""The console's questions: reported ones wait, staff hide or dismiss with a reason, nobody edits."""

from __future__ import annotations

import pytest

from app.services.catalogue import question_report
from models.catalogue.question import Question, QuestionState
from tests.factories import commerce
from tests.factories import question as made
from tests.factories.staff import account, form, signed_in


@pytest.fixture
def reported(session) -> Question:
    told = commerce.story(session)
    row = made.published(session, told)
    question_report.report(session, row, actor=told.buyer.actor, reason="It is an advertisement.")
    session.commit()
    return row


def fresh(session, row) -> Question:
    session.expire_all()
    return session.get(Question, row.id)


def test_a_moderator_reads_it_and_hides_it_with_a_reason(app, session, reported):
    desk = signed_in(app, account(session, "Moderator"))
    assert reported.listing.title in desk.get("/console/questions/list/?state=reported").text
    page = desk.get(f"/console/questions/show/{reported.id}").text
    for words in (made.TEXT, made.ANSWER, "It is an advertisement.", "Avon Electrical Testing"):
        assert words in page, words
    assert 'name="text"' not in page
    at = f"/console/questions/move/hide/{reported.id}"
    assert desk.post(at, data=form(reason="")).status_code == 422
    assert desk.post(at, data=form(reason="It sells something else.")).status_code == 303
    assert fresh(session, reported).state is QuestionState.hidden
    assert desk.post(at, data=form(reason="It sells something else.")).status_code == 409


def test_a_report_is_dismissed(app, session, reported):
    desk = signed_in(app, account(session, "Moderator"))
    answer = desk.post(f"/console/questions/move/dismiss/{reported.id}", data=form(reason="It answers the question."))
    assert answer.status_code == 303
    assert fresh(session, reported).state is QuestionState.published


def test_a_support_agent_reads_and_does_not_hide(app, session, reported):
    desk = signed_in(app, account(session, "Support agent"))
    assert made.TEXT in desk.get(f"/console/questions/show/{reported.id}").text
    answer = desk.post(f"/console/questions/move/hide/{reported.id}", data=form(reason="It is fine."))
    assert answer.status_code == 403
    assert fresh(session, reported).state is QuestionState.reported
