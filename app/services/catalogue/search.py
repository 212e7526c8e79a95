"""Finding what is on sale: words, place in the tree, postcode area, facets. Only live listings of active sellers, ever.

Four statements whatever is asked and however much is found: definitions of the facets, the page, the total, the counts.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session, joinedload, selectinload

from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import NUMBERS, FacetType, TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.people.seller import Seller, SellerState

Predicate = sa.ColumnElement[bool]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MOST = 100
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Count:
    """How many results have a value; `chosen` when the filter is on. Its own filter does not lower a facet's counts."""

    value: str
    label: str
    number: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """A facet to filter by, its values in the order of its options."""

    key: str
    label: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One page. `after` fetches the next one, None on the last."""

    listings: Sequence[Listing]
    total: int
    facets: tuple[FacetCounts, ...]
    after: str | None


def on_sale() -> tuple[Predicate, ...]:
    """What every public path filters by: the listing is live and its seller is active now."""
    active = sa.select(Seller.id).where(
        Seller.organisation_id == Listing.organisation_id, Seller.state == SellerState.active
    )
    return Listing.state == ListingState.live, active.exists()


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


def find(
    session: Session,
    *,
    node: str = "",
    text: str = "",
    facets: Mapping[str, Sequence[str]] | None = None,
    area: str = "",
    after: str = "",
    limit: int = 24,
) -> Found:
    """Best match first, then newest approval. `node` is a lineage or its beginning (services/electrical), `area` a
    postcode area's code. `facets` maps a key to the wanted values (any of them); a number facet takes one, its least.
    Filters of facets that do not exist, and a cursor that is not ours, are passed over: old links keep working.
    """
    node, text, area = _storable(node), _storable(text), _storable(area)
    known = _filterable(session, node)
    chosen = {f.id: (f, [_storable(v) for v in facets[f.key]]) for f in known if facets and facets.get(f.key)}
    base = [*on_sale(), *_within(node, text, area)]
    wanted = {key: _has(facet, values) for key, (facet, values) in chosen.items()}
    score = _score(text)
    question = (
        sa.select(Listing, score)
        .where(*base, *wanted.values(), *_beyond(after, score))
        .order_by(score.desc(), Listing.published_at.desc(), Listing.id.desc())
        .limit(min(limit, MOST) + 1)
        .options(joinedload(Listing.organisation), joinedload(Listing.service), _primary_node())
    )
    rows = session.execute(question).unique().all()
    page = rows[: min(limit, MOST)]
    total = session.scalar(sa.select(sa.func.count()).select_from(Listing).where(*base, *wanted.values())) or 0
    counted = _counts(session, base, wanted)
    return Found(
        listings=[listing for listing, _ in page],
        total=total,
        facets=_grouped(known, counted, {f.key: set(values) for f, values in chosen.values()}),
        after=_cursor(*page[-1]) if len(rows) > len(page) else None,
    )


def _primary_node() -> Any:
    return joinedload(Listing.nodes.and_(ListingNode.is_primary)).joinedload(ListingNode.node)


def _filterable(session: Session, node: str) -> Sequence[TaxonomyFacet]:
    domain = node.split("/", 1)[0] or "services"
    question = (
        sa.select(TaxonomyFacet)
        .join(TaxonomyDomain, TaxonomyDomain.id == TaxonomyFacet.domain_id)
        .where(TaxonomyDomain.slug == domain, TaxonomyFacet.filterable, ~TaxonomyFacet.retired)
        .order_by(TaxonomyFacet.position)
    )
    return session.scalars(question).all()


def _within(node: str, text: str, area: str) -> list[Predicate]:
    found: list[Predicate] = []
    if node:
        # a path of our own letters; autoescape keeps % and _ from meaning more
        below = sa.or_(TaxonomyNode.lineage == node, TaxonomyNode.lineage.startswith(f"{node}/", autoescape=True))
        filed = sa.select(ListingNode.listing_id).join(TaxonomyNode, TaxonomyNode.id == ListingNode.node_id)
        found.append(filed.where(ListingNode.listing_id == Listing.id, below).exists())
    if text.strip():
        found.append(Listing.search.op("@@")(_query(text)))
    if area:
        found.append(Listing.areas.any(area=area.upper()))
    return found


def _query(text: str) -> sa.ColumnElement[Any]:
    return sa.func.websearch_to_tsquery(sa.text("'english'::regconfig"), text)


def _score(text: str) -> sa.ColumnElement[int]:
    """Rank in millionths as a whole number, so that a cursor compares exactly."""
    if not text.strip():
        return sa.literal(0, sa.Integer)
    rank = sa.func.ts_rank_cd(Listing.search, _query(text), 32)  # 32: rank / (rank + 1), from 0 to 1
    return sa.cast(sa.func.round(sa.cast(rank, sa.Numeric) * _MILLION), sa.Integer)


def _has(facet: TaxonomyFacet, values: list[str]) -> Predicate:
    """IN rather than EXISTS: in the counts it is then one hash for all listings, not a look-up for each."""
    having = sa.select(ListingFacet.listing_id).where(ListingFacet.facet_id == facet.id, _is(facet, values))
    return Listing.id.in_(having)


def _is(facet: TaxonomyFacet, values: list[str]) -> Predicate:
    if facet.type is FacetType.boolean:
        return ListingFacet.boolean_value.in_([value.lower() in {"true", "yes"} for value in values])
    if facet.type in NUMBERS:
        try:
            least = min(Decimal(value) for value in values)
        except InvalidOperation:
            return sa.false()
        low, high = facet.minimum or Decimal(0), facet.maximum or Decimal(0)
        return ListingFacet.number_value >= max(least, low) if least <= high else sa.false()
    return ListingFacet.text_value.in_(values)


def _counts(session: Session, base: list[Predicate], wanted: dict[UUID, Predicate]) -> list[tuple[UUID, str, int]]:
    """Per facet and value, over the listings that pass every filter but, at most, that facet's own."""
    marks = array([sa.case((holds, None), else_=sa.literal(key, sa.Uuid)) for key, holds in wanted.items()])
    failed = sa.func.array_remove(sa.cast(marks, sa.ARRAY(sa.Uuid)), sa.null()).label("failed")
    pool = sa.select(Listing.id, failed).where(*base).cte("pool").prefix_with("MATERIALIZED")  # filter, then count
    value = sa.func.coalesce(
        ListingFacet.text_value,
        sa.cast(ListingFacet.boolean_value, sa.String),
        sa.cast(sa.func.trim_scale(ListingFacet.number_value), sa.String),
    ).label("value")
    passes = sa.or_(
        sa.func.cardinality(pool.c.failed) == 0,
        pool.c.failed == array([ListingFacet.facet_id]),
    )
    question = (
        sa.select(ListingFacet.facet_id, value, sa.func.count())
        .join(pool, pool.c.id == ListingFacet.listing_id)
        .where(passes)
        .group_by(ListingFacet.facet_id, value)
    )
    return [(facet_id, shown, number) for facet_id, shown, number in session.execute(question)]


def _grouped(
    known: Sequence[TaxonomyFacet], counted: list[tuple[UUID, str, int]], chosen: Mapping[str, set[str]]
) -> tuple[FacetCounts, ...]:
    groups = []
    for facet in known:
        labels = {option["value"]: option["label"] for option in facet.options} | {"true": "Yes", "false": "No"}
        numbers = {value: number for key, value, number in counted if key == facet.id}
        order = list(labels) if facet.type not in NUMBERS else sorted(numbers, key=Decimal)
        on = chosen.get(facet.key, set())
        counts = tuple(
            Count(value, labels.get(value, f"{value} {facet.unit}".strip()), numbers.get(value, 0), value in on)
            for value in order
            if value in numbers or value in on
        )
        if counts:
            groups.append(FacetCounts(facet.key, facet.label, counts))
    return tuple(groups)


def _cursor(listing: Listing, score: int) -> str:
    if listing.published_at is None:
        raise RuntimeError(f"listing {listing.id} is live and was never published")
    moment = (listing.published_at - EPOCH) // MICROSECOND
    return base64.urlsafe_b64encode(f"{score}.{moment}.{listing.id}".encode()).decode().rstrip("=")


def _beyond(after: str, score: sa.ColumnElement[int]) -> list[Predicate]:
    if not after:
        return []
    try:
        rank, moment, key = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode().split(".")
        edge = sa.tuple_(
            sa.literal(min(int(rank), _MILLION), sa.Integer),
            sa.literal(EPOCH + int(moment) * MICROSECOND, sa.DateTime(timezone=True)),
            sa.literal(UUID(key), sa.Uuid),
        )
    except (ValueError, binascii.Error, OverflowError):
        return []
    return [sa.tuple_(score, Listing.published_at, Listing.id) < edge]
