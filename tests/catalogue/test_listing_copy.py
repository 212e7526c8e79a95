"""A copy says the same and has lived nothing of the other's life."""

from __future__ import annotations

import pytest

from app.services.catalogue import listing as listings
from app.services.catalogue import listing_copy, photo, photo_image
from models.catalogue.listing import ListingState
from models.catalogue.listing_snapshot import snapshot
from models.errors import Invalid, NotFound
from tests.factories import catalogue, people, pictures

ITS_OWN = {"id", "title"}


@pytest.fixture
def original(arrange, told):
    def make(work):
        row = catalogue.draft(work, told.seller.actor)
        for number in range(2):
            prepared = photo_image.prepare(pictures.jpeg(1200 + number, 900))
            photo.add(work, row, prepared, alt=f"Board from side {number}", actor=told.seller.actor)
        listings.submit(work, row, actor=told.seller.actor)
        catalogue.approve(work, row, catalogue.moderator(work))
        return row

    return arrange(make)


@pytest.fixture
def copied(arrange, told, original):
    def run(actor=None):
        def verb(work):
            row = work.merge(original)
            return listing_copy.copy(work, row, actor=actor or told.seller.actor)

        return arrange(verb)

    return run


def test_a_copy_says_the_same_under_a_marked_title(copied, original, session):
    made = session.merge(copied())
    there, here = snapshot(session.merge(original)), snapshot(made)
    assert {key for key in there if there[key] != here[key]} == ITS_OWN
    assert here["title"] == f"{there['title']} (copy)"
    assert made.cancellation_policy == original.cancellation_policy
    assert made.slug != original.slug


def test_a_copy_is_a_draft_that_nobody_has_seen(copied, original, session):
    made = session.merge(copied())
    assert (made.state, made.published_at) == (ListingState.draft, None)
    assert session.merge(original).state is ListingState.live


def test_nobody_copies_what_another_offers(copied, arrange):
    with pytest.raises(NotFound):
        copied(arrange(people.provider, "Severn Sparks").actor)


def test_what_a_listing_could_not_say_today_is_left_out(copied, original, session):
    row = session.merge(original)
    row.primary_node.retired = False
    next(one for one in row.facets if one.facet.key == "circuits").number_value = 9_999
    row.cancellation_policy = "gone"
    session.commit()
    made = session.merge(copied())
    assert "circuits" not in {one.facet.key for one in made.facets}
    assert made.cancellation_policy == "standard"


def test_a_category_that_takes_no_new_listings_takes_no_copies(copied, original, session):
    session.merge(original).primary_node.retired = True
    session.commit()
    try:
        with pytest.raises(Invalid, match="takes no new ones"):
            copied()
    finally:
        session.rollback()


@pytest.mark.parametrize(
    ("title", "copy"),
    [
        ("Boiler service", "Boiler service (copy)"),
        ("Boiler service (copy)", "Boiler service (copy)"),
        ("x" * 120, "x" * 113 + " (copy)"),
        ("x" * 112 + " yyyyyyy", "x" * 112 + " (copy)"),
    ],
)
def test_a_title_is_marked_once_and_stays_within_its_limit(title, copy):
    assert listing_copy.title_of(title) == copy
