"""Pictures of a listing: a few, in order, described, changed only while it is a draft, and part of what is approved."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.clients.storage import Storage
from app.services.catalogue import listing as listings
from app.services.catalogue import photo, search, seed
from app.services.catalogue.photo_image import Prepared, encoded
from models.catalogue.listing_photo import MOST
from models.catalogue.listing_snapshot import fingerprint, snapshot
from models.errors import IllegalMove, Invalid, NotFound
from tests.factories import catalogue, people, pictures

ALT = "A fuse board with its cover off"


def plain(number: int = 0) -> Prepared:
    """A small picture, another one for each number."""
    return encoded(pictures.scene(400 + number, 330))


def order(listing) -> list[str]:
    return [one.alt for one in listing.photos]


@pytest.fixture
def seller(session: Session):
    return catalogue.provider(session)


@pytest.fixture
def draft(session: Session, seller):
    row = catalogue.draft(session, seller)
    for number, alt in enumerate(("first", "second", "third")):
        photo.add(session, row, plain(number), alt=alt, actor=seller)
    return row


def test_pictures_stand_in_the_order_they_came(session, draft):
    session.commit()
    assert order(draft) == ["first", "second", "third"]
    assert [one.position for one in draft.photos] == [1, 2, 3]


@pytest.mark.parametrize(
    ("place", "step", "then"),
    [
        (2, -1, ["first", "third", "second"]),
        (0, 1, ["second", "first", "third"]),
        (0, -1, ["first", "second", "third"]),
        (2, 1, ["first", "second", "third"]),
    ],
)
def test_a_picture_is_moved_by_one_place_and_stays_at_the_ends(session, draft, seller, place, step, then):
    photo.shift(session, draft, draft.photos[place].id, step=step, actor=seller)
    session.commit()
    assert order(draft) == then


def test_what_is_removed_leaves_no_gap(session, draft, seller):
    photo.remove(session, draft, draft.photos[0].id, actor=seller)
    session.commit()
    assert [(one.position, one.alt) for one in draft.photos] == [(1, "second"), (2, "third")]


def test_a_picture_without_words_is_refused(session, draft, seller):
    for alt in ("", "  ", "a", "x" * 201):
        with pytest.raises(Invalid) as refusal:
            photo.add(session, draft, plain(9), alt=alt, actor=seller)
        assert "alt" in refusal.value.fields
    assert photo.describe(session, draft, draft.photos[0].id, alt="  A  new\nroof ", actor=seller).alt == "A new roof"


def test_there_are_never_more_than_eight(session, draft, seller):
    for number in range(3, MOST):
        photo.add(session, draft, plain(number), alt=ALT, actor=seller)
    with pytest.raises(Invalid) as refusal:
        photo.add(session, draft, plain(50), alt=ALT, actor=seller)
    assert "up to 8" in refusal.value.fields["file"]


def test_the_same_picture_twice_is_refused(session, draft, seller):
    with pytest.raises(Invalid):
        photo.add(session, draft, plain(1), alt=ALT, actor=seller)


def test_only_a_drafts_pictures_change(session, draft, seller):
    listings.submit(session, draft, actor=seller)
    with pytest.raises(IllegalMove):
        photo.remove(session, draft, draft.photos[0].id, actor=seller)
    catalogue.approve(session, draft, catalogue.moderator(session))
    with pytest.raises(IllegalMove):
        photo.add(session, draft, plain(9), alt=ALT, actor=seller)
    listings.revise(session, draft, actor=seller)
    photo.add(session, draft, plain(9), alt=ALT, actor=seller)
    assert search.by_slug(session, draft.slug) is None, "it left the shop and is reviewed again"


def test_another_providers_pictures_do_not_exist(session, draft):
    rival = catalogue.provider(session)
    own = catalogue.draft(session, rival)
    with pytest.raises(NotFound):
        photo.remove(session, draft, draft.photos[0].id, actor=rival)
    with pytest.raises(NotFound):
        photo.remove(session, own, draft.photos[0].id, actor=rival)


def test_a_decision_is_about_the_pictures_too(session, draft, seller):
    before, version = fingerprint(snapshot(draft)), draft.version
    photo.shift(session, draft, draft.photos[0].id, step=1, actor=seller)
    assert fingerprint(snapshot(draft)) != before
    assert draft.version > version


def test_a_picture_is_public_while_a_listing_on_sale_shows_it(session, draft, seller):
    digest = draft.photos[0].digest
    assert not photo.shown_to_all(session, digest)
    assert photo.shown_to(session, digest, organisation_id=draft.organisation_id)
    assert not photo.shown_to(session, digest, organisation_id=catalogue.provider(session).organisation_id)
    listings.submit(session, draft, actor=seller)
    catalogue.approve(session, draft, catalogue.moderator(session))
    assert photo.shown_to_all(session, digest)
    listings.pause(session, draft, actor=seller)
    assert not photo.shown_to_all(session, digest)


def test_every_variant_is_stored_once_under_a_name_made_of_its_content(tmp_path):
    storage = Storage(str(tmp_path))
    first, again = photo.keep(storage, pictures.jpeg()), photo.keep(storage, pictures.jpeg())
    assert first.digest == again.digest
    assert [key.rpartition("/")[2] for key in storage.keys("photo")] == ["480.jpg", "480.webp", "640.jpg", "640.webp"]
    assert storage.get(photo.key(first.digest, "480.webp")) == first.variants[0].data


def test_the_demonstration_has_drawn_pictures(session, tmp_path):
    party = people.provider(session)
    storage = Storage(str(tmp_path))
    made = seed.seed_listings(
        session,
        party.organisation,
        actor=party.actor,
        key="avon-electrical",
        moderator=catalogue.moderator(session),
        storage=storage,
    )
    session.commit()
    assert all(listing.photos for listing in made)
    assert len({listing.photos[0].digest for listing in made}) > 1, "neighbours do not look the same"
    assert storage.exists(photo.key(made[0].photos[0].digest, "480.webp"))
