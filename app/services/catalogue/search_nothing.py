"""When nothing is found: which filter to let go of and what that would give, and words that look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import search_facet, search_filter, search_spelling
from app.services.catalogue.category_count import MOST
from app.services.catalogue.search import Question, chosen_facets, filters, on_sale
from app.services.catalogue.search_filter import Predicate
from app.services.catalogue.search_price import Priced
from models.catalogue.listing import Listing


@dataclass(frozen=True, slots=True)
class Hint:
    """`without` maps a filter (node, text, area, price, or a facet's key) to how many results there are without it,
    None for more than anybody counts."""

    without: dict[str, int | None]
    words: list[str]


def hint(session: Session, asked: Question, text: str) -> Hint:
    """Three statements, only for a search that found nothing. `text` is what was looked for."""
    known = search_facet.filterable(session, asked.node)
    priced = Priced()
    on = filters(asked, text, priced)
    on += [(facet.key, search_filter.has(facet, values)) for facet, values in chosen_facets(asked, known).values()]
    numbers = [_number(asked, priced, [holds for other, holds in on if other != name]) for name, _ in on]
    found = session.execute(sa.select(*numbers)).one() if numbers else ()
    without = {name: None if number > MOST else number for (name, _), number in zip(on, found, strict=True)}
    words = search_spelling.nearest_words(session, text) if text.strip() else []
    return Hint(without, words)


def _number(asked: Question, priced: Priced, holds: list[Predicate]) -> sa.ScalarSelect[int]:
    """How many hold all of these, MOST + 1 for more."""
    shelf: Any = sa.select(Listing.id)
    some = (priced.join(shelf) if asked.priced else shelf).where(*on_sale(), *holds).limit(MOST + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()
