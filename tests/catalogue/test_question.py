"""Questions about a listing: who asks, how often, who answers, what everybody reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.catalogue import listing as listings
from app.services.catalogue import question, question_report
from app.services.people import organisation
from app.services.platform import clock, timer
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.catalogue.listing import Listing
from models.catalogue.question import Question, QuestionState
from models.errors import Conflict, GuardFailed, IllegalMove, Invalid, NotAllowed, NotFound
from models.people.membership import MembershipRole
from models.platform.notification import Notification
from models.platform.timer import TimerRow
from models.platform.transition import Transition
from tests.commerce.test_races import CLOCKWORK, _meanwhile
from tests.factories import catalogue, commerce, people
from tests.factories import question as made

WHY = "It names a private person."


@pytest.fixture
def work(session: Session):
    del session
    with unit_of_work(Actor.system("test")) as opened:
        yield opened


@pytest.fixture
def told(work) -> commerce.Story:
    return commerce.story(work)


def news(work, user_id: int) -> list[str]:
    return list(work.scalars(sa.select(Notification.event).where(Notification.user_id == user_id)))


def test_a_question_is_told_answered_and_told_back(work, told):
    row = made.asked(work, told)
    assert row.state is QuestionState.asked
    assert news(work, told.seller.user.id) == ["question.asked"]
    question.answer(work, row, actor=told.seller.actor, text=f"  {made.ANSWER}\r\n")
    assert (row.state, row.answer) == (QuestionState.answered, made.ANSWER)
    assert "question.answered" in news(work, told.buyer.user.id)


@pytest.mark.parametrize("text", ["Too short", "   what?    ", "x" * 1001])
def test_a_question_has_ten_to_a_thousand_characters(work, told, text):
    with pytest.raises(Invalid) as wrong:
        made.asked(work, told, text=text)
    assert "text" in wrong.value.fields


def test_nobody_asks_their_own_organisation(work, told):
    with pytest.raises(NotAllowed, match="your own"):
        question.ask(work, told.listing, actor=told.seller.actor.acting_as(ActorKind.buyer), text=made.TEXT)
    mate = people.customer(work)
    organisation.add_member(work, told.seller.organisation, mate.user, role=MembershipRole.member)
    with pytest.raises(NotAllowed, match="your own"):
        question.ask(work, told.listing, actor=mate.actor, text=made.TEXT)
    with pytest.raises(NotAllowed, match="Sign in"):
        question.ask(work, told.listing, actor=Actor.system("x"), text=made.TEXT)


def test_what_is_not_on_sale_takes_no_questions(work, told):
    listings.pause(work, told.listing, actor=told.seller.actor)
    with pytest.raises(Conflict, match="not on sale"):
        made.asked(work, told)


def test_three_wait_about_one_listing_and_a_fourth_does_not(work, told):
    rows = [made.asked(work, told) for _ in range(3)]
    with pytest.raises(Conflict, match="3 questions"):
        made.asked(work, told)
    question.answer(work, rows[0], actor=told.seller.actor, text=made.ANSWER)
    made.asked(work, told)


def test_ten_a_day_whoever_they_are_about(work, told):
    for number in range(4):
        one = catalogue.live(work, told.seller.actor, title=f"Electrical safety report {number}")
        for _ in range(min(3, 10 - 3 * number)):
            question.ask(work, one, actor=told.buyer.actor, text=made.TEXT)
    with pytest.raises(Conflict, match="10 questions"):
        made.asked(work, told)
    with clock.moved(timedelta(days=1, hours=1)):
        made.asked(work, told)


def test_two_tabs_do_not_ask_a_fourth(session: Session) -> None:
    with sessions.session_scope(), unit_of_work(CLOCKWORK) as work:
        told = commerce.story(work)
        for _ in range(2):
            made.asked(work, told)
        key = told.listing.id

    def ask(one: Session) -> None:
        question.ask(one, one.get_one(Listing, key), actor=told.buyer.actor, text=made.TEXT)

    with pytest.raises(Conflict, match="3 questions"):
        _meanwhile(ask, ask)
    assert session.scalar(sa.select(sa.func.count()).select_from(Question)) == 3


def test_an_answer_is_put_right_until_it_was_read(work, told):
    row = made.answered(work, told)
    assert question.answer(work, row, actor=told.seller.actor, text="No, that is a second visit.") is None
    assert row.answer == "No, that is a second visit."
    assert question.read(work, told.buyer.organisation.id, {row.id: row.version}) == 1
    assert question.read(work, told.buyer.organisation.id, {row.id: row.version}) == 0
    with pytest.raises(Conflict, match="has been read"):
        question.answer(work, row, actor=told.seller.actor, text="Yes after all.")


def test_only_the_answers_that_were_seen_are_read_and_only_as_they_were_seen(work, told):
    first, second = made.answered(work, told), made.answered(work, told)
    seen = {first.id: first.version}
    question.answer(work, first, actor=told.seller.actor, text="No, that is a second visit.")
    assert question.read(work, told.buyer.organisation.id, seen) == 0
    assert question.read(work, told.buyer.organisation.id, {}) == 0
    assert question.read(work, told.buyer.organisation.id, {first.id: first.version}) == 1
    assert (first.read_at is None, second.read_at is None) == (False, True)


def test_nobody_reads_another_organisation_s_answers_for_them(work, told):
    row, stranger = made.answered(work, told), people.customer(work)
    assert question.read(work, stranger.organisation.id, {row.id: row.version}) == 0
    assert row.read_at is None


def test_an_empty_answer_is_none_and_a_stranger_has_none(work, told):
    row = made.asked(work, told)
    with pytest.raises(Invalid):
        question.answer(work, row, actor=told.seller.actor, text="  ")
    for actor in (people.provider(work, "Severn Sparks").actor, told.buyer.actor):
        with pytest.raises(NotAllowed):
            question.answer(work, row, actor=actor, text=made.ANSWER)
        with pytest.raises(NotAllowed):
            question.publish(work, row, actor=actor)
        with pytest.raises(NotAllowed):
            question.take_down(work, row, actor=actor)
    assert row.state is QuestionState.asked


def test_only_what_the_asker_agreed_to_is_shown(work, told):
    private = made.answered(work, told, may_be_shown=False)
    with pytest.raises(GuardFailed, match="did not agree"):
        question.publish(work, private, actor=told.seller.actor)
    row = made.published(work, told)
    assert question.shown_of(work, told.listing.id, 5) == [row]
    question.take_down(work, row, actor=told.seller.actor)
    assert question.shown_of(work, told.listing.id, 5) == []


def test_a_published_answer_stays_as_it_is(work, told):
    row = made.published(work, told)
    with pytest.raises(IllegalMove):
        question.answer(work, row, actor=told.seller.actor, text="Something else.")


def test_nobody_waits_longer_than_thirty_days(work, told):
    row = made.asked(work, told)
    waiting = work.scalars(sa.select(TimerRow).where(TimerRow.subject_id == row.id)).one()
    assert waiting.due_at == row.state_entered_at + timedelta(days=30)
    with clock.moved(timedelta(days=30, minutes=1)):
        timer.fire(work, waiting.id)
    assert row.state is QuestionState.closed
    with pytest.raises(IllegalMove):
        question.answer(work, row, actor=told.seller.actor, text=made.ANSWER)


def test_a_report_is_made_once_and_dismissed_or_followed(work, told):
    row, rival = made.published(work, told), people.provider(work, "Severn Sparks")
    with pytest.raises(Invalid):
        question_report.report(work, row, actor=told.buyer.actor, reason="bad")
    question_report.report(work, row, actor=told.buyer.actor, reason="It is an advertisement.")
    with pytest.raises(Conflict, match="already"):
        question_report.report(work, row, actor=told.buyer.actor, reason="It is an advertisement.")
    question_report.report(work, row, actor=rival.actor, reason="It is about our prices.")
    assert (row.state, row.shown) == (QuestionState.reported, True)
    staff = people.operator(work)
    with pytest.raises(Invalid):
        question_report.dismiss(work, row, actor=staff, reason=" ")
    question_report.dismiss(work, row, actor=staff, reason="It answers what was asked.")
    question_report.hide(work, row, actor=staff, reason=WHY)
    assert not question.shown_of(work, told.listing.id, 5)
    for user in (told.buyer.user, told.seller.user):
        assert "question.hidden" in news(work, user.id)
    events = work.scalars(sa.select(Transition.event).where(Transition.subject_id == row.id).order_by(Transition.id))
    assert list(events) == ["answer", "publish", "report", "report", "dismiss", "hide"]
    with pytest.raises(NotFound):
        question_report.report(work, row, actor=rival.actor, reason="It is about our prices.")
    with pytest.raises(IllegalMove):
        question.publish(work, row, actor=told.seller.actor)


def test_staff_hide_what_waits_and_a_party_does_not(work, told):
    row = made.asked(work, told)
    with pytest.raises(NotAllowed):
        question_report.hide(work, row, actor=told.seller.actor, reason=WHY)
    with pytest.raises(Invalid):
        question_report.hide(work, row, actor=people.operator(work), reason="")
    question_report.hide(work, row, actor=people.operator(work), reason=WHY)
    assert row.state is QuestionState.hidden


def test_the_application_cannot_alter_what_was_asked(work, told):
    made.asked(work, told)
    for statement in ("update question set text = 'Something else entirely'", "delete from question"):
        with pytest.raises(ProgrammingError, match="permission denied"), work.begin_nested():
            work.execute(sa.text(statement))


def test_a_provider_s_waiting_questions_are_counted(work, told):
    assert question.waiting(work, told.seller.organisation.id) == 0
    made.asked(work, told)
    made.answered(work, told)
    assert question.waiting(work, told.seller.organisation.id) == 1
