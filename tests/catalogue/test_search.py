from __future__ import annotations

import base64

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import listing as verbs
from app.services.catalogue import search
from app.services.moderation.decision import suspend
from models.people.seller import Seller, SellerState
from tests.factories.catalogue import draft, live, moderator, painting, provider, submitted, terms


def titles(found: search.Found) -> list[str]:
    return [listing.title for listing in found.listings]


def counts(found: search.Found, key: str) -> dict[str, int]:
    return {count.value: count.number for group in found.facets if group.key == key for count in group.counts}


def test_only_live_listings_of_active_sellers_are_found(session: Session):
    seller, other = provider(session), provider(session)
    shown = live(session, seller, title="Shown to everyone")
    draft(session, seller, title="Still a draft")
    submitted(session, seller, title="Still in review")
    paused, suspended, retired = (live(session, seller, title=f"Was live {n}") for n in range(3))
    verbs.pause(session, paused, actor=seller)
    verbs.retire(session, retired, actor=seller)
    suspend(
        session,
        suspended,
        actor=moderator(session),
        policy="listing.unsafe",
        reason="Reserved for registered trades.",
        expected_version=suspended.version,
    )
    hidden = live(session, other, title="Of a restricted seller")
    standing = session.scalars(sa.select(Seller).where(Seller.organisation_id == other.organisation_id)).one()
    standing.state = SellerState.restricted
    session.commit()
    found = search.find(session)
    assert titles(found) == ["Shown to everyone"]
    assert found.total == 1
    assert sum(counts(found, "written_report").values()) == 1
    assert search.by_slug(session, shown.slug) is shown
    for gone in (paused, suspended, retired, hidden):
        assert search.by_slug(session, gone.slug) is None
        assert not search.find(session, text=gone.title).listings


def test_words_match_title_synonyms_options_and_description(session: Session):
    seller = provider(session, "Avon Sparks")
    live(session, seller, title="Safety report for landlords")
    live(session, seller, painting())
    session.commit()
    for text in ("landlords", "fusebox", "periodic inspection", "graded fault", "reports"):
        assert titles(search.find(session, text=text)) == ["Safety report for landlords"], text
    assert len(search.find(session, text="sparks").listings) == 2
    assert not search.find(session, text="unicorn").listings


def test_a_word_in_the_title_weighs_more_than_one_in_the_description(session: Session):
    seller = provider(session)
    filler = "We come on time, cover the floor and clean up after the work is done and tested. "
    live(session, seller, title="Lights and sockets tested", description=filler * 2 + "We also look at the cooker.")
    live(session, seller, title="Cooker point tested", description=filler * 2)
    session.commit()
    assert titles(search.find(session, text="cooker")) == ["Cooker point tested", "Lights and sockets tested"]


def test_what_was_typed_is_never_read_as_a_pattern_or_a_statement(session: Session):
    live(session, provider(session))
    session.commit()
    for text in (
        "'; drop table listing; --",
        "%",
        "_",
        "a:*&|!",
        '"',
        "\\",
        "(",
        "🙂",
        "a\0b",
        "1e999999",
        "1e-999999",
        "NaN",
        "Infinity",
    ):
        search.find(session, text=text, node=text, area=text, facets={text: [text], "circuits": [text]}, after=text)
        search.by_slug(session, text)
    assert not search.find(session, node="services/%").listings


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity", "ten", "", "a\0b"])
def test_a_number_that_is_none_finds_nothing(session: Session, number: str):
    """Below a category that exists: elsewhere no facet is known, and nobody asks for its numbers."""
    live(session, provider(session))
    session.commit()
    for values in ([number], ["3", number], [number, "3"]):
        found = search.find(session, node="services", facets={"circuits": values, "property_type": [number, "flat"]})
        assert found.total == 0, values
        assert search.find(session, node="services/electrical", facets={"circuits": values}).total == 0, values


@pytest.mark.parametrize("number", ["-1e999999", "1e-999999", "0", "-0", "2." + "0" * 500 + "1", "1_0", "\u0661"])
def test_a_number_of_any_length_is_at_least_that_much(session: Session, number: str):
    live(session, provider(session))
    session.commit()
    assert search.find(session, node="services", facets={"circuits": [number]}).total == 1
    assert search.find(session, node="services", facets={"circuits": ["1e999999"]}).total == 0


def test_a_cursor_of_someone_else_is_passed_over(session: Session):
    live(session, provider(session))
    session.commit()
    for cursor in ("9" * 5000 + ".1.x", "99999999999.1.00000000-0000-0000-0000-000000000000", "1.9e9.x", "-1.-1.x"):
        after = base64.urlsafe_b64encode(cursor.encode()).decode().rstrip("=")
        assert search.find(session, after=after).total == 1


def test_a_branch_holds_what_is_filed_below_it(session: Session):
    seller = provider(session)
    live(session, seller)
    live(session, seller, painting())
    session.commit()
    assert search.find(session, node="services").total == 2
    assert search.find(session, node="services/electrical").total == 1
    assert search.find(session, node="services/electrical/eicr").total == 1
    assert search.find(session, node="services/elec").total == 0
    assert search.find(session, node="rentals").total == 0


def test_an_area_holds_what_covers_it(session: Session):
    live(session, provider(session), areas=("BS",))
    session.commit()
    assert search.find(session, area="bs").total == 1
    assert search.find(session, area="BA").total == 0


def test_a_facets_own_filter_does_not_lower_its_counts_and_all_others_do(session: Session):
    seller = provider(session)
    for kinds, report in ((["flat"], True), (["flat", "house"], True), (["house"], True), (["business"], False)):
        live(session, seller, facets={"circuits": 5, "written_report": report, "property_type": kinds})
    session.commit()
    found = search.find(session, facets={"property_type": ["flat"]})
    assert found.total == 2
    assert counts(found, "property_type") == {"flat": 2, "house": 2, "business": 1}
    assert counts(found, "written_report") == {"true": 2}
    both = search.find(session, facets={"property_type": ["flat"], "written_report": ["false"]})
    assert both.total == 0
    assert counts(both, "property_type") == {"business": 1, "flat": 0}
    assert counts(both, "written_report") == {"true": 2, "false": 0}


def test_a_facet_takes_any_of_its_values_and_a_number_is_at_least(session: Session):
    seller = provider(session)
    for circuits in (5, 10, 20):
        live(session, seller, facets={"circuits": circuits, "written_report": True, "property_type": ["flat"]})
    session.commit()
    assert search.find(session, facets={"circuits": ["10"]}).total == 2
    assert search.find(session, facets={"property_type": ["house", "flat"]}).total == 3
    assert counts(search.find(session), "circuits") == {"5": 1, "10": 1, "20": 1}


@pytest.mark.parametrize("text", ["", "electrical"])
def test_pages_follow_each_other_without_a_gap_or_a_double(session: Session, text: str):
    seller = provider(session)
    made = {live(session, seller, title=f"Electrical report number {n}").id for n in range(7)}
    session.commit()
    seen, after = [], ""
    while True:
        page = search.find(session, text=text, after=after, limit=3)
        assert page.total == 7
        seen += [listing.id for listing in page.listings]
        if page.after is None:
            break
        after = page.after
    assert len(seen) == 7
    assert set(seen) == made


def test_a_page_costs_the_same_number_of_statements_whatever_it_holds(session: Session):
    def statements() -> int:
        seen: list[str] = []
        engine = session.get_bind()
        session.expunge_all()
        sa.event.listen(engine, "before_cursor_execute", listener := lambda *a: seen.append(a[2]))
        for listing in search.find(session, text="report", facets={"property_type": ["flat"]}).listings:
            assert all([listing.organisation.name, listing.service.crew_size, listing.primary_node.label])
        sa.event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    seller = provider(session)
    live(session, seller)
    session.commit()
    few = statements()
    for _ in range(5):
        live(session, provider(session), terms())
    session.commit()
    assert statements() == few == 4  # facets, spelling, page, counts
