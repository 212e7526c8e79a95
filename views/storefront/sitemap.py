"""What search engines are told to look at: an index, the listings in pages, sellers, categories, texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from xml.sax.saxutils import escape

import sqlalchemy as sa
from flask import Response
from flask.typing import ResponseReturnValue

from app.services.catalogue.search import on_sale
from app.session import session
from models.catalogue.listing import Listing
from models.errors import NotFound
from models.people.organisation import Organisation
from views.storefront.address import absolute
from views.storefront.blueprint import storefront
from views.storefront.catalogue.tree import DOMAIN, Place, tree
from views.storefront.guard import public
from views.storefront.legal import FOOTER_TEXTS, text_now

PAGE = 10_000
AN_HOUR = "public, max-age=3600"
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
CLOSED = ("/pro/", "/orders", "/checkout", "/payments", "/sign-in", "/account", "/preferences/")
Entry = tuple[str, date | datetime | None]


@storefront.get("/robots.txt")
@public
def robots() -> ResponseReturnValue:
    """Everything that is the same for everybody may be read."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in CLOSED),
        "",
        f"Sitemap: {absolute('storefront.sitemap')}",
    ]
    return _answer("\n".join(lines) + "\n", "text/plain")


@storefront.get("/sitemap.xml")
@public
def sitemap() -> ResponseReturnValue:
    """The index. As many pages of listings as there are, at least one."""
    count = session.scalar(sa.select(sa.func.count(Listing.id)).where(*on_sale())) or 0
    pages = range(1, max(1, -(-count // PAGE)) + 1)
    parts = [absolute("storefront.sitemap_part", part=part) for part in ("sellers", "categories", "pages")]
    parts += [absolute("storefront.sitemap_part", part=f"listings-{number}") for number in pages]
    rows = "".join(f"<sitemap><loc>{escape(part)}</loc></sitemap>" for part in parts)
    return _answer(f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex {_SPACE}>{rows}</sitemapindex>\n')


@storefront.get("/sitemap-<part>.xml")
@public
def sitemap_part(part: str) -> ResponseReturnValue:
    """One kind of page, or one page of listings. Raises NotFound."""
    kind, _, number = part.partition("-")
    if kind == "listings" and number.isascii() and number.isdigit() and int(number[:6]) > 0:
        return _urls(_listings(int(number[:6])))
    made = {"sellers": _sellers, "categories": _categories, "pages": _pages}.get(part)
    if made is None:
        raise NotFound
    return _urls(made())


def _listings(page: int) -> list[Entry]:
    changed = sa.func.greatest(Listing.content_changed_at, Listing.published_at)
    rows = session.execute(
        sa.select(Listing.slug, changed).where(*on_sale()).order_by(Listing.id).limit(PAGE).offset((page - 1) * PAGE)
    ).all()
    if not rows and page > 1:
        raise NotFound
    return [(absolute("storefront.listing", slug=slug), at) for slug, at in rows]


def _sellers() -> list[Entry]:
    rows = session.execute(
        sa.select(Organisation.slug, sa.func.max(Listing.content_changed_at))
        .join(Listing, Listing.organisation_id == Organisation.id)
        .where(*on_sale())
        .group_by(Organisation.slug)
        .order_by(Organisation.slug)
        .limit(PAGE)
    )
    return [(absolute("storefront.seller", slug=slug), at) for slug, at in rows]


def _categories() -> list[Entry]:
    """Those with something on sale in them."""

    def below(places: Iterable[Place]) -> Iterable[Place]:
        for place in places:
            if place.count:
                yield place
                yield from below(place.children)

    found = below(tree(session()))
    return [(absolute("storefront.services", branch=one.lineage.removeprefix(f"{DOMAIN}/")), None) for one in found]


def _pages() -> list[Entry]:
    texts = [(absolute("storefront.legal_text", text_id=key), text_now(key).effective_on) for key in FOOTER_TEXTS]
    return [(absolute("storefront.home"), None), (absolute("storefront.services"), None), *texts]


def _urls(entries: Iterable[Entry]) -> Response:
    rows = "".join(f"<url><loc>{escape(address)}</loc>{_modified(at)}</url>" for address, at in entries)
    return _answer(f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_SPACE}>{rows}</urlset>\n')


def _modified(at: date | datetime | None) -> str:
    return f"<lastmod>{at.isoformat(timespec='seconds') if isinstance(at, datetime) else at}</lastmod>" if at else ""


def _answer(body: str, kind: str = "application/xml") -> Response:
    answer = Response(body, mimetype=kind)
    answer.headers["Cache-Control"] = AN_HOUR
    return answer
