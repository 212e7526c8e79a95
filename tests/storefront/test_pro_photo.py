"""A provider's pictures at the browser: added, ordered, removed without scripts; served safely, or not at all."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from models.catalogue.listing import Listing
from models.catalogue.listing_photo import ListingPhoto
from tests.factories import catalogue, pictures
from tests.storefront.conftest import hidden_fields

ALT = "A fuse board with its cover off"


@pytest.fixture
def at(told, arrange) -> str:
    """The address of a draft's pictures."""
    listing = arrange(catalogue.draft, told.seller.actor, title="Fuse board looked at and labelled")
    return f"/pro/listings/{listing.slug}/photos"


def upload(data: bytes, alt: str = ALT, name: str = "photo.jpg") -> dict[str, Any]:
    return {"file": (BytesIO(data), name), "alt": alt}


def add(seller, at, data=None, **changes):
    return seller.send(at, upload(data or pictures.jpeg(), **changes), seen_on=at)


def photos(session) -> list[ListingPhoto]:
    session.expire_all()
    return list(session.scalars(sa.select(ListingPhoto).order_by(ListingPhoto.position)))


def shown(page: str) -> list[str]:
    return re.findall(r'<img src="(/photos/[^"]+)"', page)


def test_a_picture_is_added_and_seen(seller, at, session):
    answer = add(seller, at)
    assert (answer.status_code, answer.location) == (303, at)
    page = seller.page(at)
    assert f'alt="{ALT}"' in page
    picture = seller.get(shown(page)[0])
    assert picture.status_code == 200
    assert picture.mimetype == "image/webp"
    assert ALT in seller.page(at.removesuffix("/photos"))


def test_the_same_form_sent_twice_adds_one(seller, at, session):
    hidden = hidden_fields(seller.page(at), at)
    for _ in range(2):
        assert seller.send(at, {**hidden, **upload(pictures.jpeg())}).status_code == 303
    assert len(photos(session)) == 1


def test_order_words_and_removal_need_no_script(seller, at, session):
    add(seller, at, alt="The first")
    add(seller, at, pictures.jpeg(700, 500), alt="The second")
    first, second = photos(session)
    for event, typed, then in (
        ("later", {}, ["The second", "The first"]),
        ("earlier", {}, ["The first", "The second"]),
        ("describe", {"alt": "A tidy board"}, ["A tidy board", "The second"]),
        ("remove", {}, ["The second"]),
    ):
        path = f"{at}/{first.id}/{event}"
        assert seller.send(path, typed, seen_on=at).status_code == 303
        assert [one.alt for one in photos(session)] == then
    assert photos(session)[0].id == second.id


@pytest.mark.parametrize(
    ("data", "alt", "field", "said"),
    [
        (b"", ALT, "file", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ALT, "file", "JPEG, PNG or WebP"),
        (pictures.png_claiming(30_000, 30_000), ALT, "file", "pixels"),
        (pictures.jpeg()[:1500], ALT, "file", "damaged"),
        (pictures.jpeg(), "", "alt", "Say what is on the picture"),
        (pictures.jpeg(), "x" * 201, "alt", "Say what is on the picture"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field_and_the_words_stay(seller, at, session, data, alt, field, said):
    answer = add(seller, at, data or b"", alt=alt) if data else seller.send(at, upload(b"", alt), seen_on=at)
    assert answer.status_code == 422
    assert re.search(rf'<a href="#{field}">[^<]*{said}', answer.text)
    assert "<title>Error: " in answer.text
    assert photos(session) == []
    assert not alt or alt[:200] in answer.text


def test_no_file_at_all_is_asked_for(seller, at):
    answer = seller.send(at, {"alt": ALT}, seen_on=at)
    assert answer.status_code == 422
    assert "Choose a picture" in answer.text


@pytest.mark.parametrize("name", ["../../etc/passwd.jpg", "C:\\photo.exe", "photo.svg", "a" * 300, "evil\0.jpg"])
def test_the_name_of_the_file_means_nothing(seller, at, session, name):
    assert add(seller, at, name=name).status_code == 303
    assert len(photos(session)) == 1


def test_a_ninth_picture_is_refused(seller, at, session):
    for number in range(8):
        assert add(seller, at, pictures.jpeg(640 + number, 480)).status_code == 303
    page = seller.page(at)
    assert "as many as a listing has" in page
    answer = seller.send(at, {"key": "ninth", **upload(pictures.jpeg(900, 600))})
    assert answer.status_code == 422
    assert len(photos(session)) == 8


def test_a_listing_in_the_shop_keeps_the_pictures_that_were_approved(seller, told, session):
    at = f"/pro/listings/{told.listing.slug}/photos"
    assert "taken back to a draft" in seller.page(at) or "take the listing back to a draft" in seller.page(at)
    assert seller.send(at, {"key": "k", **upload(pictures.jpeg())}).status_code == 409


@pytest.mark.parametrize("path", ["", "/{id}/remove", "/{id}/describe", "/{id}/earlier"])
def test_another_providers_pictures_do_not_exist(rival, seller, at, session, path):
    add(seller, at)
    row = photos(session)[0]
    assert rival.get(at).status_code == 404
    assert rival.send(at + path.format(id=row.id), {"key": "k", **upload(pictures.jpeg(), ALT)}).status_code == 404


def test_a_drafts_picture_is_for_its_provider_alone(seller, rival, visitor, at, session):
    add(seller, at)
    path = shown(seller.page(at))[0]
    answer = seller.get(path)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert rival.get(path).status_code == visitor.get(path).status_code == 404


def test_a_picture_in_the_shop_is_kept_for_ever_by_whoever_sees_it(seller, visitor, at, session, arrange):
    add(seller, at)
    path = shown(seller.page(at))[0]
    slug = at.split("/")[3]
    assert seller.send(f"/pro/listings/{slug}/submit", {}, seen_on=f"/pro/listings/{slug}").status_code == 303

    def approve(work):
        row = work.scalars(sa.select(Listing).where(Listing.slug == slug)).one()
        catalogue.approve(work, row, catalogue.moderator(work))

    arrange(approve)
    answer = visitor.get(path)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    again = visitor.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    digest = path.split("/")[2]
    for wrong in (
        f"/photos/{digest}/481.webp",
        f"/photos/{digest}/480.png",
        f"/photos/{digest}/..%2f480.webp",
        f"/photos/{digest.upper()}/480.webp",
        f"/photos/{'0' * 64}/480.webp",
        "/photos/../../etc/passwd",
        "/photos/..%2f..%2fetc%2fpasswd/480.webp",
        f"/photos/{digest[:63]}é/480.webp",
    ):
        assert visitor.get(wrong).status_code == 404, wrong
