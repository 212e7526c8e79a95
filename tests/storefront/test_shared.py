"""What others are told about a page: canonical address, share card, facts, sitemap; and the seller's own page."""

from __future__ import annotations

import json
import re
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
from PIL import Image

from app.services.catalogue import listing as listings
from app.services.catalogue import photo
from models.catalogue.listing import Listing
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from tests.factories import catalogue, pictures

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture
def base(app) -> str:
    return app.extensions["parts"].config.base_url


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/services", "/services"),
        ("/services?sort=price&q=", "/services?sort=price"),
        ("/sell", "/sell"),
        ("/proof/", "/proof/"),
        ("/legal/order-terms", "/legal/order-terms"),
        ("/legal/order-terms/1.1.0", "/legal/order-terms"),
        ("/legal/order-terms/1.0.0", "/legal/order-terms/1.0.0"),
    ],
)
def test_every_public_page_says_its_one_address_and_what_it_is(visitor, told, base, path, canonical):
    page = visitor.page(path)
    assert re.findall(r'<link rel="canonical" href="([^"]+)"', page) == [base + canonical]
    assert re.findall(r'<meta property="og:url" content="([^"]+)"', page) == [base + canonical]
    assert re.search(r'<meta property="og:title" content="[^"]+"', page)


@pytest.fixture
def pictured(told, arrange, app) -> Listing:
    """A listing in the shop with two pictures."""
    kept = [photo.keep(app.extensions["parts"].storage, pictures.jpeg(1200 + n, 900)) for n in range(2)]

    def make(work):
        row = catalogue.draft(work, told.seller.actor, title='A board "made" safe & <labelled>')
        for number, prepared in enumerate(kept, 1):
            photo.add(work, row, prepared, alt=f"Board from side {number}", actor=told.seller.actor)
        listings.submit(work, row, actor=told.seller.actor)
        catalogue.approve(work, row, catalogue.moderator(work))
        return row

    return arrange(make)


def facts(page: str) -> list[dict]:
    return json.loads(
        re.search(r'<script type="application/ld\+json" nonce="[^"]+">(.*?)</script>', page, re.DOTALL)[1]
    )["@graph"]


def test_a_listing_shows_its_pictures_in_order_with_room_kept_for_them(visitor, pictured):
    page = visitor.page(f"/l/{pictured.slug}")
    tags = re.findall(r"<img [^>]*/photos/[^>]*>", page)
    assert len(tags) == 4, "two large, two small"
    assert all(re.search(r'width="\d+" height="\d+"', tag) for tag in tags)
    assert 'alt="Board from side 1"' in tags[0]
    assert 'fetchpriority="high"' in tags[0]
    assert 'loading="lazy"' not in tags[0]
    assert [tag for tag in tags if 'loading="lazy"' in tag] == tags[1:2], "the small ones are seen at once"
    for source in re.findall(r"/photos/[0-9a-f]{64}/\d+\.webp", tags[0]):
        assert visitor.get(source).status_code == 200


def test_its_card_in_the_shop_shows_the_first_one(visitor, pictured):
    page = visitor.page("/services")
    assert 'alt="Board from side 1"' in page
    assert 'alt="Board from side 2"' not in page


def test_a_listing_is_told_with_its_price_and_cannot_break_out_of_its_facts(visitor, pictured, base):
    page = visitor.page(f"/l/{pictured.slug}")
    assert f'<link rel="canonical" href="{base}/l/{pictured.slug}">' in page
    service, crumbs = facts(page)
    assert service["name"] == pictured.title
    assert service["offers"]["price"] == "293.00"
    assert service["offers"]["priceCurrency"] == "GBP"
    assert crumbs["itemListElement"][-1]["name"] == pictured.title
    assert "<labelled>" not in page


def test_the_share_card_is_drawn_once_and_named_by_its_content(visitor, pictured, base, monkeypatch):
    page = visitor.page(f"/l/{pictured.slug}")
    image = re.search(r'property="og:image" content="([^"]+)"', page)[1]
    assert image.startswith(f"{base}/l/{pictured.slug}/card.jpg?v=")
    answer = visitor.get(image.removeprefix(base))
    assert answer.mimetype == "image/jpeg"
    assert Image.open(BytesIO(answer.data)).size == (1200, 630)

    def never(*_args):
        raise AssertionError("drawn again")

    monkeypatch.setattr("reports.catalogue.share_card.render", never)
    assert visitor.get(image.removeprefix(base)).data == answer.data


def test_a_listing_that_left_the_shop_has_no_card(visitor, seller, pictured):
    at = f"/pro/listings/{pictured.slug}"
    seller.send(f"{at}/pause", {}, seen_on=at)
    assert visitor.get(f"/l/{pictured.slug}/card.jpg").status_code == 404


def test_a_seller_has_a_page_with_dated_facts_and_their_listings(visitor, told, pictured, session):
    slug = session.scalar(sa.select(Organisation.slug).where(Organisation.id == pictured.organisation_id))
    assert f'href="/sellers/{slug}"' in visitor.page(f"/l/{pictured.slug}")
    page = visitor.page(f"/sellers/{slug}")
    assert "were checked by our staff on" in page
    assert "No finished order here yet." in page
    assert "A board &#34;made&#34; safe &amp; &lt;labelled&gt;" in page
    assert facts(page)[0]["@type"] == "LocalBusiness"


def test_who_may_not_sell_has_no_page(visitor, told, session):
    row = session.scalars(sa.select(Seller).where(Seller.organisation_id == told.seller.organisation.id)).one()
    slug = row.organisation.slug
    row.state = SellerState.restricted
    session.commit()
    assert visitor.get(f"/sellers/{slug}").status_code == 404
    assert visitor.get("/sellers/nobody").status_code == 404


def test_the_sitemap_names_what_everybody_may_see_and_nothing_else(visitor, told, pictured, arrange, base):
    draft = arrange(catalogue.draft, told.seller.actor, title="A draft that nobody may see")
    index = visitor.get("/sitemap.xml")
    assert index.mimetype == "application/xml"
    found: list[str] = []
    for part in ET.fromstring(index.data).iter(LOC):
        body = visitor.get(part.text.removeprefix(base))
        assert body.status_code == 200, part.text
        found += [one.text for one in ET.fromstring(body.data).iter(LOC)]
    assert f"{base}/l/{pictured.slug}" in found
    assert f"{base}/services/electrical" in found
    assert f"{base}/legal/order-terms" in found
    assert not [one for one in found if draft.slug in one]
    assert len(found) == len(set(found))
    for address in found:
        assert visitor.get(address.removeprefix(base)).status_code == 200, address
    for wrong in ("listings-0", "listings-9", "listings-x", "nothing"):
        assert visitor.get(f"/sitemap-{wrong}.xml").status_code == 404


def test_robots_are_shown_the_way(visitor, base):
    text = visitor.page("/robots.txt")
    assert f"Sitemap: {base}/sitemap.xml" in text
    assert "Disallow: /pro/" in text
