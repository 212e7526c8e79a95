"""Finding what is on sale: words, place in the tree, postcode area, all-in price, facets. Only live listings of active
sellers, ever.

The number of statements does not grow with what is found: definitions of the facets, spelling (with words), the page,
the counts, and what is kept of them when there is too much to count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.services.catalogue import search_facet, search_filter, search_order, search_spelling
from app.services.catalogue.search_facet import Count, FacetCounts
from app.services.catalogue.search_filter import Predicate, on_sale
from app.services.catalogue.search_order import Sort, Why
from app.services.catalogue.search_price import Priced
from models.catalogue.listing import Listing
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_facet import TaxonomyFacet

__all__ = ["Count", "FacetCounts", "Found", "Question", "Sort", "by_slug", "find", "on_sale", "search"]
MOST = 100


@dataclass(frozen=True, slots=True)
class Question:
    """`node` is a lineage or its beginning (services/electrical), `area` a postcode area's code. `facets` maps a key to
    the wanted values (any of them); a number facet takes one, its least. Prices are all-in, in minor units. `exact`
    looks for the words as they were typed."""

    node: str = ""
    text: str = ""
    area: str = ""
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    least_minor: int | None = None
    most_minor: int | None = None
    sort: Sort = Sort.recommended
    exact: bool = False

    @property
    def priced(self) -> bool:
        """Whether a price is one of the filters."""
        return self.least_minor is not None or self.most_minor is not None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of `total` results, or of `more` than that. `after` fetches the next one, None on the last. `text` is
    what was looked for, which is not what was typed when a word was mistyped. `why` goes with the listings.
    `counted_at` (UTC) is when the numbers of the facets were counted, None for now."""

    listings: Sequence[Listing]
    total: int
    facets: tuple[FacetCounts, ...]
    after: str | None
    more: bool = False
    counted_at: datetime | None = None
    text: str = ""
    why: tuple[Why, ...] = ()


def by_slug(session: Session, slug: str) -> Listing | None:
    """The listing at a public address, None unless it is on sale. Everything its page shows comes along."""
    question = sa.select(Listing).where(Listing.slug == _storable(slug), *on_sale()).options(*_page_parts())
    return session.scalar(question)


def _storable(typed: str) -> str:
    """PostgreSQL's text has no zero byte, and refuses a statement that carries one."""
    return typed.replace("\0", "")


def _page_parts() -> tuple[Any, ...]:
    return (
        joinedload(Listing.organisation),
        joinedload(Listing.service),
        selectinload(Listing.nodes).joinedload(ListingNode.node),
        selectinload(Listing.areas),
        selectinload(Listing.visit_hours),
        selectinload(Listing.facets).joinedload(ListingFacet.facet),
    )


def find(session: Session, *, after: str = "", limit: int = 24, **asked: Any) -> Found:
    """`search` with the fields of a Question as keywords."""
    return search(session, Question(**asked), after=after, limit=limit)


def newest(session: Session, *, node: str, limit: int) -> Sequence[Listing]:
    """What came into the shop last, not counted. One statement."""
    order = search_order.order(Sort.newest, "", Priced())
    first = sa.select(Listing.id, order.rank.label("rank"), Listing.published_at)
    ranked = order.of(first.where(*on_sale(), search_filter.below(node)))
    return [row[0] for row in _page(session, ranked, "", min(limit, MOST))]


def search(session: Session, asked: Question, *, after: str = "", limit: int = 24) -> Found:
    """A page of what fits, in the order asked for. Filters of facets that do not exist, and a cursor that is not ours,
    are passed over: old links keep working."""
    typed = _storable(asked.text)
    text = search_spelling.corrected(session, typed) if typed.strip() and not asked.exact else typed
    known = search_facet.filterable(session, _storable(asked.node))
    chosen, priced = chosen_facets(asked, known), Priced()
    base = [*on_sale(), *(holds for _, holds in filters(asked, text, priced))]
    wanted = {key: search_filter.has(facet, values) for key, (facet, values) in chosen.items()}
    most = min(limit, MOST)
    order = search_order.order(asked.sort, text, priced)
    first = sa.select(Listing.id, order.rank.label("rank"), Listing.published_at)
    if asked.priced or asked.sort is Sort.price:
        first = priced.join(first)
    rows = _page(session, order.of(first.where(*base, *wanted.values(), *order.beyond(after))), text, most + 1)
    shelf = priced.join(sa.select(Listing.id)) if asked.priced else sa.select(Listing.id)
    counts = search_facet.counted(session, known, shelf.where(*base), wanted)
    plain = not text.strip() and not asked.priced
    numbers, counted_at = search_facet.kept(
        session,
        known,
        counts,
        node=_storable(asked.node),
        area=_storable(asked.area),
        plain={facet.id for facet in known if plain and wanted.keys() <= {facet.id}},
    )
    page = rows[:most]
    return Found(
        listings=[row[0] for row in page],
        total=counts.total,
        more=counts.more,
        facets=search_facet.grouped(known, numbers, {f.key: set(values) for f, values in chosen.values()}),
        counted_at=counted_at,
        after=order.cursor(page[-1][1], page[-1][0]) if len(rows) > len(page) else None,
        text=text,
        why=tuple(search_order.why(listing, hits) for listing, _, *hits in page),
    )


def filters(asked: Question, text: str, priced: Priced) -> list[tuple[str, Predicate]]:
    """Each filter that is on but the facets, with the name of its field; for the price `priced` has to be joined."""
    node, area = _storable(asked.node), _storable(asked.area)
    found: list[tuple[str, Predicate]] = []
    if node:
        found.append(("node", search_filter.below(node)))
    if text.strip():
        found.append(("text", search_filter.says(text)))
    if area:
        found.append(("area", search_filter.comes_to(area)))
    if asked.priced:
        found.append(("price", priced.between(asked.least_minor, asked.most_minor)))
    return found


def chosen_facets(asked: Question, known: Sequence[TaxonomyFacet]) -> dict[UUID, tuple[TaxonomyFacet, list[str]]]:
    """The facets that are filtered by, of those that exist."""
    on = ((facet, asked.facets.get(facet.key)) for facet in known)
    return {facet.id: (facet, [_storable(value) for value in values]) for facet, values in on if values}


def _page(session: Session, ranked: Any, text: str, most: int) -> Sequence[Any]:
    """The ids in their order first, and only then their rows and where the words were found: no wide row is sorted."""
    first = ranked.limit(most).subquery("first")
    question: Any = (
        sa.select(Listing, first.c.rank, *search_order.found_in(text))
        .join(first, first.c.id == Listing.id)
        .order_by(first.c.rank.desc(), first.c.published_at.desc(), first.c.id.desc())
        .options(joinedload(Listing.organisation), joinedload(Listing.service), _primary_node())
    )
    return session.execute(question).unique().all()


def _primary_node() -> Any:
    return joinedload(Listing.nodes.and_(ListingNode.is_primary)).joinedload(ListingNode.node)
