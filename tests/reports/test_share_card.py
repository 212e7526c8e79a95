"""The share card: always the same size, whatever is written on it."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from reports.catalogue.share_card import SIZE, CardFacts, Fonts, render
from tests.factories import pictures
from views.assets import built

FACTS = {"title": "Electrical safety report", "price": "£293.00", "seller": "Avon Electrical", "trade": "EICR"}


@pytest.fixture
def fonts() -> Fonts:
    return Fonts(built("bricolage-grotesque-latin-wght-normal.woff2"), built("figtree-latin-wght-normal.woff2"))


@pytest.mark.parametrize("photo", [b"", pictures.jpeg(1600, 1200)], ids=["plain", "with a photo"])
@pytest.mark.parametrize("title", ["Report", "One room painted, walls, ceiling and woodwork " * 5, "W" * 120])
def test_a_card_takes_every_title(fonts, photo, title):
    data = render(CardFacts(**{**FACTS, "title": title}, photo=photo), fonts)
    with Image.open(BytesIO(data)) as card:
        assert (card.format, card.size) == ("JPEG", SIZE)
    assert len(data) < 300_000


def test_the_same_facts_make_the_same_card(fonts):
    assert render(CardFacts(**FACTS), fonts) == render(CardFacts(**FACTS), fonts)
