"""Reviews: both sides of a completed order, blind until both wrote or fourteen days, fixed once they are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from app.services.commerce import news, review, review_figure
from app.services.platform import clock, invariant, timer
from jobs.base import load_all
from models.actor import Actor
from models.commerce.order import Order
from models.commerce.review import Review, ReviewState
from models.errors import Conflict, GuardFailed, Invalid, NotAllowed, NotFound
from models.platform.notification import Notification
from models.platform.timer import TimerRow, TimerState
from models.platform.transition import Transition
from tests.factories import commerce, people

GOOD = "On time, tidy, and the report was clear."
FAIR = "The parking was hard, but we agreed on everything."
DAY = timedelta(days=1)


@pytest.fixture
def told(work: Session) -> commerce.Story:
    load_all()
    return commerce.story(work)


@pytest.fixture
def made(work: Session, told: commerce.Story) -> Order:
    return commerce.completed(work, told)


@pytest.fixture
def staff(work: Session) -> Actor:
    return people.operator(work)


def fire_due(session: Session, row: Review) -> None:
    due = sa.select(TimerRow.id).where(TimerRow.subject_id == row.id, TimerRow.state == TimerState.waiting)
    for timer_id in session.scalars(due.where(TimerRow.due_at <= clock.now())).all():
        timer.fire(session, timer_id)
    session.refresh(row)


def both(session: Session, told: commerce.Story, made: Order, stars: int = 5) -> tuple[Review, Review]:
    return (
        review.write(session, made, actor=told.buyer.actor, stars=stars, text=GOOD),
        review.write(session, made, actor=told.seller.actor, stars=4, text=FAIR),
    )


def figures_hold(session: Session) -> bool:
    session.flush()
    (found,) = [one for one in invariant.INVARIANTS if one.number == "I29"]
    return invariant.check(session, found).holds


def test_the_first_review_is_read_by_its_author_alone(work: Session, told: commerce.Story, made: Order) -> None:
    row = review.write(work, made, actor=told.buyer.actor, stars=5, text=GOOD)
    assert row.state is ReviewState.waiting
    assert review.readable(row, told.buyer.organisation.id)
    assert not review.readable(row, told.seller.organisation.id)
    assert not review.readable(row, None)
    assert review.summary(work, organisation_id=told.seller.organisation.id).count == 0


def test_the_second_review_publishes_both(work: Session, told: commerce.Story, made: Order) -> None:
    mine, theirs = both(work, told, made)
    work.refresh(mine)
    assert (mine.state, theirs.state) == (ReviewState.published, ReviewState.published)
    assert review.readable(mine, None)
    assert review.summary(work, organisation_id=told.seller.organisation.id).distribution == (0, 0, 0, 0, 1)
    assert review_figure.summary(work, "buyer", told.buyer.organisation.id).distribution == (0, 0, 0, 1, 0)
    assert review_figure.summary(work, "listing", told.listing.id).count == 1
    assert figures_hold(work)


def test_after_fourteen_days_one_review_alone_is_published(work: Session, told: commerce.Story, made: Order) -> None:
    row = review.write(work, made, actor=told.seller.actor, stars=2, text=FAIR)
    with clock.moved(14 * DAY - timedelta(minutes=1)):
        fire_due(work, row)
        assert row.state is ReviewState.waiting
    with clock.moved(14 * DAY + timedelta(minutes=1)):
        fire_due(work, row)
        assert row.state is ReviewState.published
        late = review.write(work, made, actor=told.buyer.actor, stars=1, text=GOOD)
    assert late.state is ReviewState.published
    assert figures_hold(work)


def test_an_order_is_reviewed_when_it_is_completed_and_within_sixty_days(
    work: Session, told: commerce.Story, made: Order
) -> None:
    early = commerce.delivered(work, told)
    with pytest.raises(GuardFailed, match="completed"):
        review.write(work, early, actor=told.buyer.actor, stars=5, text=GOOD)
    with clock.moved(60 * DAY + timedelta(minutes=1)), pytest.raises(GuardFailed, match="60 days"):
        review.write(work, made, actor=told.buyer.actor, stars=5, text=GOOD)


def test_each_side_writes_once_and_only_for_itself(work: Session, told: commerce.Story, made: Order) -> None:
    review.write(work, made, actor=told.buyer.actor, stars=5, text=GOOD)
    with pytest.raises(Conflict, match="already"):
        review.write(work, made, actor=told.buyer.actor, stars=4, text=GOOD)
    for other in (people.customer(work, name="Owen Reed").actor, people.provider(work, "Severn Sparks").actor):
        with pytest.raises(NotAllowed):
            review.write(work, made, actor=other, stars=1, text=GOOD)
    with pytest.raises(NotAllowed):
        review.write(work, made, actor=Actor.system("test"), stars=1, text=GOOD)


@pytest.mark.parametrize(("stars", "text", "wrong"), [(0, GOOD, "stars"), (6, GOOD, "stars"), (3, " Good. ", "text")])
def test_stars_are_one_to_five_and_something_is_said(
    work: Session, told: commerce.Story, made: Order, stars: int, text: str, wrong: str
) -> None:
    with pytest.raises(Invalid) as refused:
        review.write(work, made, actor=told.buyer.actor, stars=stars, text=text)
    assert set(refused.value.fields) == {wrong}


def test_the_author_changes_it_until_it_is_published(work: Session, told: commerce.Story, made: Order) -> None:
    row = review.write(work, made, actor=told.buyer.actor, stars=5, text=GOOD)
    review.revise(work, row, actor=told.buyer.actor, stars=3, text="On second thought they were late.")
    with pytest.raises(NotAllowed):
        review.revise(work, row, actor=told.seller.actor, stars=5, text=GOOD)
    review.write(work, made, actor=told.seller.actor, stars=4, text=FAIR)
    with pytest.raises(Conflict, match="stays as it is"):
        review.revise(work, row, actor=told.buyer.actor, stars=1, text=GOOD)
    assert review.summary(work, organisation_id=told.seller.organisation.id).distribution == (0, 0, 1, 0, 0)


def test_the_database_keeps_a_published_review_as_it_was(work: Session, told: commerce.Story, made: Order) -> None:
    row, _ = both(work, told, made)
    for change in ("text = 'Something else entirely.'", "stars = 1", "state = 'waiting'"):
        with pytest.raises(IntegrityError, match="never altered"), work.begin_nested():
            work.execute(sa.text(f"update review set {change} where id = :id"), {"id": row.id})
    with pytest.raises(ProgrammingError, match="permission denied"), work.begin_nested():
        work.execute(sa.text("delete from review where id = :id"), {"id": row.id})


def test_whom_it_is_about_replies_once_after_publication(work: Session, told: commerce.Story, made: Order) -> None:
    row = review.write(work, made, actor=told.buyer.actor, stars=2, text=GOOD)
    with pytest.raises(GuardFailed, match="published"):
        review.reply(work, row, actor=told.seller.actor, text="Thank you.")
    review.write(work, made, actor=told.seller.actor, stars=4, text=FAIR)
    with pytest.raises(NotAllowed):
        review.reply(work, row, actor=told.buyer.actor, text="Thank you.")
    review.reply(work, row, actor=told.seller.actor, text="Thank you. We come earlier next time.")
    with pytest.raises(Conflict, match="once"):
        review.reply(work, row, actor=told.seller.actor, text="And another thing.")


def test_a_report_keeps_it_in_sight_until_staff_hide_it_or_dismiss_the_report(
    work: Session, told: commerce.Story, made: Order, staff: Actor
) -> None:
    row, _ = both(work, told, made)
    seller = told.seller.organisation.id
    review.report(work, row, actor=told.seller.actor, code="insulting")
    with pytest.raises(Conflict, match="already"):
        review.report(work, row, actor=told.seller.actor, code="insulting")
    with pytest.raises(NotAllowed):
        review.report(work, row, actor=told.buyer.actor, code="insulting")
    assert (row.state, row.shown) == (ReviewState.reported, True)
    review.dismiss(work, row, actor=staff, reason="It is blunt, and within the rules.")
    review.report(work, row, actor=people.customer(work, name="Owen Reed").actor, code="other", text="It names my road")
    with pytest.raises(Invalid):
        review.hide(work, row, actor=staff, reason=" ")
    review.hide(work, row, actor=staff, reason="It shows a private address.")
    assert [one.outcome for one in row.reports] == ["dismissed", "hidden"]
    assert review.summary(work, organisation_id=seller).count == 0
    assert figures_hold(work)
    with pytest.raises(NotFound):
        review.report(work, row, actor=people.customer(work, name="Ann Lee").actor, code="advert")
    review.restore(work, row, actor=staff, reason="The address is the provider's own.")
    assert review.summary(work, organisation_id=seller).count == 1
    assert figures_hold(work)


def test_an_invented_figure_is_found(work: Session, told: commerce.Story, made: Order) -> None:
    both(work, told, made)
    work.execute(sa.text("update review_figure set fives = fives + 1 where kind = 'seller'"))
    assert not figures_hold(work)
    work.execute(sa.text("update review_figure set fives = fives - 1 where kind = 'seller'"))


@pytest.mark.parametrize(
    ("distribution", "tenths"),
    [((0, 0, 0, 0, 0), 0), ((1, 0, 0, 0, 1), 30), ((0, 0, 1, 1, 1), 40), ((0, 1, 0, 0, 2), 40)],
)
def test_the_average_is_in_tenths(distribution: tuple[int, int, int, int, int], tenths: int) -> None:
    assert review_figure.Summary(distribution).average_tenths == tenths


MOMENTS = some.one_of(some.none(), some.integers(0, 62 * 24))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(buyer=MOMENTS, seller=MOMENTS, look=some.integers(0, 70 * 24))
def test_nobody_reads_the_other_side_before_writing_or_fourteen_days(
    work: Session, told: commerce.Story, buyer: int | None, seller: int | None, look: int
) -> None:
    """Hours after completion at which each side writes (None: never); timers fire when they are due."""
    order = commerce.completed(work, told)
    events = [
        (hour, actor) for hour, actor in ((buyer, told.buyer.actor), (seller, told.seller.actor)) if hour is not None
    ]
    for hour, actor in sorted(events, key=lambda one: one[0]):
        if hour > look:
            continue
        with clock.moved(timedelta(hours=hour, minutes=1)):
            for row in review.of_order(work, order).values():
                fire_due(work, row)
            if hour < 60 * 24:
                review.write(work, order, actor=actor, stars=4, text=GOOD)
            else:
                with pytest.raises(GuardFailed):
                    review.write(work, order, actor=actor, stars=4, text=GOOD)
    with clock.moved(timedelta(hours=look, minutes=2)):
        rows = review.of_order(work, order)
        for row in rows.values():
            fire_due(work, row)
    open_now = look >= 14 * 24 or len(rows) == 2
    assert all(row.shown is open_now for row in rows.values())
    assert all(row.order_id == order.id for row in rows.values())
    assert figures_hold(work)


def told_of(session: Session, told: commerce.Story, row: Review, *events: str) -> list[tuple[str, str]]:
    """What both sides are told when the jobs of these moves have run: event and whose news it is."""
    for event in events:
        moves = sa.select(Transition).where(Transition.subject_id == row.id, Transition.event == event)
        moved = session.scalars(moves.order_by(Transition.id.desc())).first()
        news.tell(session, noun="order_review", subject_id=row.id, event=event, moved=moved.id if moved else 0)
    names = {told.buyer.user.id: "buyer", told.seller.user.id: "seller"}
    rows = session.execute(sa.select(Notification.event, Notification.user_id).order_by(Notification.event))
    return [(event, names[user]) for event, user in rows if event.startswith("review.")]


def test_the_other_side_is_told_that_a_review_waits_and_when_it_is_published(
    work: Session, told: commerce.Story, made: Order, staff: Actor
) -> None:
    row = review.write(work, made, actor=told.buyer.actor, stars=5, text=GOOD)
    assert told_of(work, told, row, "begin") == [("review.waiting", "seller")]
    second = review.write(work, made, actor=told.seller.actor, stars=4, text=FAIR)
    assert told_of(work, told, second, "begin") == [("review.waiting", "seller")]
    told_of(work, told, row, "publish")
    review.hide(work, row, actor=staff, reason="It shows a private address.")
    assert told_of(work, told, row, "hide") == [
        ("review.hidden", "buyer"),
        ("review.published", "seller"),
        ("review.waiting", "seller"),
    ]
