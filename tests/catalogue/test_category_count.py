"""Numbers that are kept when there is too much on sale to count it for every page."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.services.catalogue import category_count, search, search_facet, search_nothing
from app.services.catalogue import listing as verbs
from app.services.catalogue.search import Question
from jobs.base import JobRun
from jobs.catalogue.category_count import refresh
from tests.factories.catalogue import live, painting, provider
from views.storefront.catalogue import tree


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """So that three are many."""
    for module in (category_count, search_facet, search_nothing):
        monkeypatch.setattr(module, "MOST", 2)
    return 2


@pytest.fixture
def shelf(session):
    seller = provider(session)
    made = [
        live(session, seller, areas=areas, facets={"circuits": 5, "written_report": report, "property_type": kinds})
        for areas, report, kinds in ((("BS",), True, ["flat"]), (("BS", "BA"), False, ["flat", "house"]))
    ]
    made += [live(session, seller, painting()) for _ in range(2)]
    session.commit()
    return seller, made


def numbers(found: search.Found, key: str) -> dict[str, int | None]:
    return {count.value: count.number for group in found.facets if group.key == key for count in group.counts}


def kept(session) -> int:
    return session.scalar(sa.text("select count(*) from category_count"))


def test_while_there_are_few_nothing_is_kept_and_every_number_is_of_now(session, shelf):
    assert category_count.refresh(session) == 0
    found = search.find(session, node="services")
    assert (found.total, found.more, found.counted_at) == (4, False, None)
    assert numbers(found, "property_type") == {"flat": 4, "house": 1}


def test_with_many_the_numbers_are_those_that_were_kept_and_say_when(session, shelf, few):
    assert category_count.refresh(session) > 0
    session.commit()
    seller, made = shelf
    exact = {"flat": 4, "house": 1}
    found = search.find(session, node="services")
    assert (found.total, found.more) == (2, True)
    assert found.counted_at is not None
    assert numbers(found, "property_type") == exact
    assert numbers(found, "circuits") == {"5": 2}
    verbs.pause(session, made[0], actor=seller)
    session.commit()
    assert numbers(search.find(session, node="services"), "property_type") == exact
    category_count.refresh(session)
    assert numbers(search.find(session, node="services"), "property_type") == {"flat": 3, "house": 1}


def test_what_is_kept_knows_branches_and_areas(session, shelf, few):
    category_count.refresh(session)
    assert category_count.by_value(session, "services/electrical", "ba").numbers["property_type"] == {
        "flat": 1,
        "house": 1,
    }
    assert "property_type" not in category_count.by_value(session, "services/painting-decorating", "").numbers
    assert category_count.by_value(session, "services/elec", "").numbers == {}


def test_where_words_or_prices_are_asked_too_many_results_have_values_without_numbers(session, shelf, few):
    live(session, shelf[0], facets={"circuits": 5, "written_report": True, "property_type": ["flat"]})
    session.commit()
    category_count.refresh(session)
    for asked in ({"text": "report"}, {"least_minor": 1}):
        found = search.find(session, node="services/electrical", **asked)
        assert found.more, asked
        assert numbers(found, "property_type") == {"flat": None, "house": None}
        assert found.counted_at is None


def test_a_facets_own_numbers_are_kept_ones_and_those_of_others_exact_when_few_are_left(session, shelf, few):
    category_count.refresh(session)
    found = search.find(session, node="services", facets={"property_type": ["house"]})
    assert (found.total, found.more) == (1, False)
    assert numbers(found, "property_type") == {"flat": 4, "house": 1}
    assert numbers(found, "written_report") == {"false": 1}


def test_before_anything_was_kept_the_values_have_no_numbers(session, shelf, few):
    found = search.find(session, node="services")
    assert numbers(found, "written_report") == {"true": None, "false": None}
    assert found.counted_at is None


def test_the_tree_counts_for_itself_until_something_is_kept(session, shelf, few, app):
    with app.test_request_context():
        before = {place.label: place.count for place in tree.tree(session)}
        category_count.refresh(session)
        assert {place.label: place.count for place in tree.tree(session)} == before
    assert before["Electrical"] == 2


def test_a_hint_does_not_count_beyond_many(session, shelf, few):
    live(session, shelf[0])
    session.commit()
    hint = search_nothing.hint(session, Question(node="services", area="CF"), "")
    assert hint.without == {"node": 0, "area": None}


def test_the_job_may_run_twice(app, session, shelf, few, monkeypatch):
    monkeypatch.setattr("app.services.platform.outbox_message.finish", lambda *_: None)
    run = JobRun(0, 0, "catalogue.category_count.refresh", app.extensions["parts"])
    refresh(run)
    first = kept(session)
    refresh(run)
    session.rollback()
    assert kept(session) == first > 0


def test_a_page_reads_few_listings_however_many_there_are(session, shelf):
    """The counts stop after so many; the page stops when it is full."""
    seen: list[tuple[str, object]] = []
    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", listener := lambda *a: seen.append((a[2], a[3])))
    search.find(session, node="services", text="report", least_minor=1, facets={"written_report": ["true"]})
    sa.event.remove(engine, "before_cursor_execute", listener)
    counting = [text for text, _ in seen if "pool" in text]
    assert len(counting) == 1
    _, _prices, *pools = counting[0].split(" AS MATERIALIZED ")
    assert ["LIMIT" in pool.partition("FROM pool")[0] for pool in pools] == [True, True]
