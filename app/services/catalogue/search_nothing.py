"""When nothing is found: which filter to let go of and what that would give, and words that look alike."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import search_facet, search_filter, search_spelling
from app.services.catalogue.search import Question, chosen_facets, filters, on_sale
from models.catalogue.listing import Listing


@dataclass(frozen=True, slots=True)
class Hint:
    """`without` maps a filter (node, text, area, price, or a facet's key) to how many results there are without it."""

    without: dict[str, int]
    words: list[str]


def hint(session: Session, asked: Question, text: str) -> Hint:
    """Three statements, only for a search that found nothing. `text` is what was looked for."""
    known = search_facet.filterable(session, asked.node)
    on = filters(asked, text)
    on += [(facet.key, search_filter.has(facet, values)) for facet, values in chosen_facets(asked, known).values()]
    columns = [
        sa.func.count().filter(*(holds for other, holds in on if other != name), sa.true()).label(f"without_{place}")
        for place, (name, _) in enumerate(on)
    ]
    numbers = session.execute(sa.select(*columns).select_from(Listing).where(*on_sale())).one() if columns else ()
    words = search_spelling.nearest_words(session, text) if text.strip() else []
    return Hint({name: number for (name, _), number in zip(on, numbers, strict=True)}, words)
