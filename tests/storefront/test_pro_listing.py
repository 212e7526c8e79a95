"""A provider writes a listing: the category asks, the form keeps what was typed, a moderator's answer is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from app.services.moderation.decision import decide
from models.catalogue.listing import Listing, ListingState
from tests.factories import catalogue
from tests.storefront.conftest import hidden_fields

NEW = f"/pro/listings/new?node={catalogue.EICR}"
TYPED: dict[str, Any] = {
    "title": "Electrical safety report, up to 10 circuits",
    "description": catalogue.DESCRIPTION,
    "price": "240.00",
    "duration": "210",
    "crew_size": "1",
    "notice_days": "2",
    "areas": "bs, BA; gl",
    "w1_starts": "08:00",
    "w1_ends": "12:00",
    "w1_days": ["1", "2", "5"],
    "facet_property_type": ["flat", "house"],
    "facet_circuits": "10",
    "facet_written_report": "true",
    "facet_response_hours": "24",
}


@pytest.fixture
def drafted(seller) -> str:
    answer = seller.send(NEW, TYPED, seen_on=NEW)
    assert answer.status_code == 303, re.findall(r'<a href="#[^"]*">[^<]*</a>', answer.text)
    return answer.location


def row(session) -> Listing:
    session.expire_all()
    return session.scalars(sa.select(Listing).where(Listing.title == TYPED["title"])).one()


def test_the_category_comes_first_because_it_asks_the_questions(seller):
    page = seller.page("/pro/listings/new")
    assert f'href="/pro/listings/new?node={catalogue.EICR}"' in page
    assert "How many circuits does the price cover?" not in page
    form = seller.page(NEW)
    assert "How many circuits does the price cover?" in form
    assert 'name="facet_circuits"' in form
    assert 'name="facet_rooms"' not in form


@pytest.mark.parametrize("node", ["services", "services/electrical", "services/nothing", "rentals", ""])
def test_only_a_leaf_of_the_services_takes_a_listing(seller, node):
    assert seller.send(f"/pro/listings/new?node={node}", TYPED).status_code == 404


def test_a_draft_keeps_everything_that_was_typed(seller, drafted, session):
    made = row(session)
    assert made.state is ListingState.draft
    assert made.price_minor == 24_000
    assert [covered.area for covered in made.areas] == ["BA", "BS", "GL"]
    assert [(h.weekday, f"{h.starts:%H:%M}") for h in made.visit_hours] == [(1, "08:00"), (2, "08:00"), (5, "08:00")]
    page = seller.page(drafted)
    assert 'value="240.00"' in page
    assert re.search(r'name="w1_days"[^>]*value="5"[^>]*checked|checked[^>]*name="w1_days"[^>]*value="5"', page)
    assert "Customers pay £293.00 all-in" in page


def test_the_cancellation_policy_is_chosen_from_those_on_offer_and_kept(seller, drafted, session):
    assert row(session).cancellation_policy == "standard"
    page = seller.page(drafted)
    assert "Everything back until 7 days before the visit, half until 48 hours before it" in page
    typed = {**TYPED, "cancellation_policy": "strict"}
    assert seller.send(drafted, typed, seen_on=drafted).status_code == 303
    assert row(session).cancellation_policy == "strict"
    assert re.search(r'name="cancellation_policy"[^>]*value="strict"|value="strict"[^>]*checked', seller.page(drafted))


def test_a_policy_that_the_dated_table_does_not_offer_is_refused_at_its_field(seller, drafted, session):
    answer = seller.send(drafted, {**TYPED, "cancellation_policy": "never"}, seen_on=drafted)
    assert answer.status_code == 422
    assert '<a href="#cancellation_policy">Choose one of the cancellation policies on offer.</a>' in answer.text
    assert row(session).cancellation_policy == "standard"


def test_a_policy_that_ended_keeps_a_draft_from_review(seller, drafted, session):
    session.execute(sa.text("update listing set cancellation_policy = 'gone'"))
    session.commit()
    assert "Choose one of the cancellation policies on offer." in seller.page(drafted)


def test_the_listing_page_says_what_comes_back(visitor, told):
    page = visitor.page(f"/l/{told.listing.slug}")
    assert "If you cancel: standard" in page
    assert "Until 48 hours before the visit" in page
    assert "For 14 days after the provider" in page


def test_a_draft_is_edited_in_the_same_form(seller, drafted, session):
    answer = seller.send(drafted, {**TYPED, "price": "£1,250.50", "areas": "BS"}, seen_on=drafted)
    assert answer.status_code == 303
    assert row(session).price_minor == 125_050
    assert [covered.area for covered in row(session).areas] == ["BS"]


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"price": "much"}, "price", "Enter a price in pounds, like 240.00"),
        ({"price": "240.005"}, "price", "Enter a price in pounds and pence, like 240.00"),
        ({"price": "1e999999"}, "price", "Enter a price in pounds and pence, like 240.00"),
        ({"crew_size": "two"}, "crew_size", "Enter a whole number, like 2"),
        ({"price": "0"}, "price", "Give a price from 0.01 to 100,000.00."),
        ({"areas": "BS, Narnia"}, "areas", "Choose UK postcode areas."),
        ({"w1_ends": "07:00"}, "w1_starts", "Each window ends after it starts, and none overlaps another."),
        ({"facet_circuits": "25"}, "facet_circuits", "Choose from 1 to 24"),
        ({"facet_circuits": "many"}, "facet_circuits", "Type a number."),
        ({"title": "Short"}, "title", "Use 8 to 120 characters"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(seller, typed, field, said):
    answer = seller.send(NEW, {**TYPED, **typed}, seen_on=NEW)
    assert answer.status_code == 422
    found = dict(re.findall(r'<a href="#(\w+)">([^<]*)</a>', answer.text))
    assert found[field].startswith(said)
    assert catalogue.DESCRIPTION[:40] in answer.text


def test_the_same_form_sent_twice_makes_one_draft(seller, session):
    from tests.storefront.conftest import hidden_fields

    hidden = hidden_fields(seller.page(NEW), NEW)
    answers = [seller.send(NEW, {**hidden, **TYPED}).location for _ in range(2)]
    assert answers[0] == answers[1]
    assert row(session)


def test_a_complete_draft_is_submitted_and_taken_back(seller, drafted, session):
    assert seller.send(f"{drafted}/submit", {}, seen_on=drafted).status_code == 303
    assert row(session).state is ListingState.in_review
    page = seller.page(drafted)
    assert "A moderator is looking at it" in page
    assert 'name="title"' not in page
    assert seller.send(f"{drafted}/withdraw", {}, seen_on=drafted).status_code == 303
    assert row(session).state is ListingState.draft


def test_an_unfinished_draft_says_what_is_missing_and_has_no_submit_button(seller, session):
    answer = seller.send(NEW, {**TYPED, "areas": "", "facet_circuits": ""}, seen_on=NEW)
    page = seller.page(answer.location)
    assert "Say where you work." in page
    assert "Circuits included is needed." in page
    assert f"{answer.location}/submit" not in page
    assert seller.send(f"{answer.location}/submit", {"key": "a key"}).status_code == 422


def test_a_rejected_listing_shows_the_rule_and_the_reason(seller, drafted, session, arrange):
    seller.send(f"{drafted}/submit", {}, seen_on=drafted)
    listing = row(session)

    def reject(work):
        found = work.get(Listing, listing.id)
        decide(
            work,
            found,
            actor=catalogue.moderator(work),
            approve=False,
            policy="listing.unclear",
            reason="It does not say whether the report is included.",
            expected_version=found.version,
        )

    arrange(reject)
    page = seller.page(drafted)
    assert "Scope or description unclear" in page
    assert "It does not say whether the report is included." in page
    assert seller.send(f"{drafted}/resubmit", {}, seen_on=drafted).status_code == 303
    assert row(session).state is ListingState.draft


def test_a_live_listing_is_paused_and_put_back(seller, told, visitor):
    at = f"/pro/listings/{told.listing.slug}"
    assert seller.send(f"{at}/pause", {}, seen_on=at).status_code == 303
    assert visitor.get(f"/l/{told.listing.slug}").status_code == 404
    assert seller.send(f"{at}/resume", {}, seen_on=at).status_code == 303
    assert visitor.get(f"/l/{told.listing.slug}").status_code == 200


def test_what_is_in_review_cannot_be_edited(seller, drafted):
    seller.send(f"{drafted}/submit", {}, seen_on=drafted)
    assert seller.send(drafted, {**TYPED, "key": "k"}).status_code == 409


@pytest.mark.parametrize("tail", ["", "/submit", "/pause", "/retire"])
def test_another_providers_listing_does_not_exist(rival, told, tail):
    at = f"/pro/listings/{told.listing.slug}"
    assert rival.get(at).status_code == 404
    assert rival.send(f"{at}{tail}", {**TYPED, "key": "k"}).status_code == 404
    assert told.listing.title not in rival.page("/pro/listings")


def test_a_copy_opens_in_the_editor_and_a_double_press_makes_one(seller, told, session):
    path = f"/pro/listings/{told.listing.slug}/copy"
    page = seller.page("/pro/listings")
    typed = hidden_fields(page, path)
    first, second = (seller.send(path, typed) for _ in range(2))
    assert first.status_code == 303
    assert first.location == second.location
    opened = seller.page(first.location)
    assert "This is a copy" in opened
    assert f"{told.listing.title} (copy)" in opened
    session.expire_all()
    assert session.scalar(sa.select(sa.func.count(Listing.id))) == 2


def test_nobody_copies_another_s_listing(rival, told):
    assert rival.send(f"/pro/listings/{told.listing.slug}/copy", {"key": "k"}).status_code == 404
