"""A first visit without photos: page, style, script, icons and the two fonts, packed as they travel."""

from __future__ import annotations

import gzip
import re

import pytest

from views.assets import built

KIB = 1024
MOST = 100
STYLES = ("shop.css", "shop.js", "icons.svg")
FONTS = ("figtree-latin-wght-normal.woff2", "bricolage-grotesque-latin-wght-normal.woff2")


def packed(data: bytes) -> float:
    return len(gzip.compress(data, 9)) / KIB


@pytest.mark.parametrize("path", ["/", "/services", "/l/{slug}", "/sellers/{seller}"])
def test_a_first_visit_weighs_at_most_a_hundred_kilobytes(visitor, told, path):
    page = visitor.page(path.format(slug=told.listing.slug, seller=told.seller.organisation.slug))
    parts = {"html": packed(page.encode())} | {name: packed(built(name).read_bytes()) for name in STYLES}
    parts |= {name: built(name).stat().st_size / KIB for name in FONTS}
    loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="[^"]*dist/([^".]+)', page)
    assert set(loaded) <= {"shop", "figtree-latin-wght-normal", "bricolage-grotesque-latin-wght-normal"}
    assert sum(parts.values()) <= MOST, parts
