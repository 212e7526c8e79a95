"""The shop's search for programs: the same filters, orders and numbers as the pages."""

from __future__ import annotations

import pytest

from app.services.catalogue import photo
from models.catalogue.listing import Listing
from tests.factories import catalogue


@pytest.fixture
def shelf(told, arrange):
    """Three of one seller: £293.00 all-in, then dearer, then a cheap one for flats only."""
    dear = arrange(catalogue.live, told.seller.actor, title="Electrical report with a drawing", price_minor=50_000)
    flats = {"circuits": 5, "written_report": False, "property_type": ["flat"]}
    cheap = arrange(
        catalogue.live, told.seller.actor, title="Electrical report for flats", price_minor=9_000, facets=flats
    )
    return dear, cheap


def slugs(page) -> list[str]:
    return [one["slug"] for one in page["items"]]


def test_orders_prices_and_pages_are_those_of_the_shop(nobody, told, shelf):
    dear, cheap = shelf
    everything = [cheap.slug, told.listing.slug, dear.slug]
    assert slugs(nobody.read("/listings", sort="price")) == everything
    first = nobody.read("/listings", sort="price", limit=2)
    assert slugs(first) + slugs(nobody.read("/listings", sort="price", limit=2, after=first["next"])) == everything
    assert slugs(nobody.read("/listings", least_minor=29_300, most_minor=29_300)) == [told.listing.slug]
    assert slugs(nobody.read("/listings", sort="newest"))[0] == cheap.slug
    assert first["total"] == 3
    assert not first["more"]


def test_facets_narrow_and_tell_their_numbers(nobody, told, shelf):
    page = nobody.read("/listings", facets="written_report:false,circuits:5")
    assert slugs(page) == [shelf[1].slug]
    (report,) = (one for one in page["facets"] if one["key"] == "written_report")
    told_numbers = {one["value"]: (one["number"], one["chosen"]) for one in report["values"]}
    assert told_numbers["false"] == (1, True)
    assert nobody.read("/listings", facets="no_such_facet:1")["total"] == 3
    answer = nobody.get("/listings", facets="written_report")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/facets")


def test_a_mistyped_word_is_read_as_its_neighbour_unless_insisted_on(nobody, told):
    assert nobody.read("/listings", q="electrcal")["text"] == "electrical"
    assert nobody.read("/listings", q="electrcal", exact="true")["items"] == []


def test_what_cannot_be_asked_is_told_by_field(nobody):
    for wrong in ({"sort": "bribe"}, {"least_minor": "-1"}, {"limit": 1000}, {"colour": "red"}):
        answer = nobody.get("/listings", **wrong)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"#/{next(iter(wrong))}")


def test_a_listing_shows_vat_photos_and_its_seller(nobody, told, arrange):
    def add(work):
        row = work.get_one(Listing, told.listing.id)
        row.photos.append(
            photo_row := photo.ListingPhoto(
                position=1, alt="The board after the visit", digest=b"\1" * 32, width=960, height=720, widths=[480, 960]
            )
        )
        return photo_row

    arrange(add)
    shown = nobody.read(f"/listings/{told.listing.slug}")
    assert shown["vat_bps"] == 2000
    (picture,) = shown["photos"]
    assert picture["alt"] == "The board after the visit"
    assert [one["width"] for one in picture["variants"]] == [480, 960]
    assert picture["variants"][1]["webp"].startswith("http://")
    assert picture["variants"][1]["webp"].endswith(f"/photos/{'01' * 32}/960.webp")
    assert shown["seller"]["slug"] == told.seller.organisation.slug
    assert shown["seller"]["reviews"] == {"count": 0, "average": None, "distribution": [0, 0, 0, 0, 0]}
    assert nobody.read("/listings")["items"][0]["photo"] == picture


def test_a_seller_is_told_while_they_may_sell(nobody, told):
    page = nobody.read(f"/sellers/{told.seller.organisation.slug}")
    assert (page["name"], page["on_sale"]) == (told.seller.organisation.name, 1)
    assert nobody.get("/sellers/nobody-here").status_code == 404
    assert nobody.get(f"/sellers/{told.buyer.organisation.slug}").status_code == 404
