"""Facets to filter by, with how many results each value has; a facet's own choice does not lower its counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import category_count
from app.services.catalogue.category_count import MOST
from app.services.catalogue.search_filter import Predicate
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import NUMBERS, FacetType, TaxonomyFacet

Numbers = dict[UUID, dict[str, int | None]]
"""Per facet and value; None where there are more than anybody counts."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many results have a value, None for more than are counted; `chosen` when the filter is on. Its own filter
    does not lower a facet's counts."""

    value: str
    label: str
    number: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """A facet to filter by, its values in the order of its options."""

    key: str
    label: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """`total` of what passes every filter, MOST when there are `more`. `uncounted` holds the facets that too many
    results pass to be counted."""

    total: int
    more: bool
    numbers: Numbers
    uncounted: frozenset[UUID]


def filterable(session: Session, node: str) -> Sequence[TaxonomyFacet]:
    """The facets of the domain that `node` (a lineage) is in. One statement."""
    domain = node.split("/", 1)[0] or "services"
    question = (
        sa.select(TaxonomyFacet)
        .join(TaxonomyDomain, TaxonomyDomain.id == TaxonomyFacet.domain_id)
        .where(TaxonomyDomain.slug == domain, TaxonomyFacet.filterable, ~TaxonomyFacet.retired)
        .order_by(TaxonomyFacet.position)
    )
    return session.scalars(question).all()


def counted(session: Session, known: Sequence[TaxonomyFacet], shelf: Any, wanted: Mapping[UUID, Predicate]) -> Counts:
    """How many of `shelf` (a question for ids) pass every filter; and per facet and value, how many pass all but, at
    most, that facet's own. One statement, which reads at most MOST results, and as many again for each facet that is
    filtered by."""
    pools: dict[UUID | None, Any] = {None: _pool("pool", shelf.where(*wanted.values()))}
    for place, mine in enumerate(wanted):
        pools[mine] = _pool(f"pool_{place}", shelf.where(*(holds for key, holds in wanted.items() if key != mine)))
    parts = []
    for own, pool in pools.items():
        size = sa.select(sa.func.count()).select_from(pool).scalar_subquery()
        nothing = (sa.null() for _ in range(4))
        parts.append(sa.select(_key(own), *nothing, size))
        parts.append(_values(own, pool, list(wanted)).where(size <= MOST))
    sizes, numbers = dict[UUID | None, int](), Numbers()
    rows: Any = session.execute(sa.union_all(*parts))
    for own, facet_id, text, boolean, number, count in rows:
        if facet_id is None:
            sizes[own] = count
        else:
            numbers.setdefault(facet_id, {})[_shown(text, boolean, number)] = count
    uncounted = frozenset(one.id for one in known if sizes[one.id if one.id in wanted else None] > MOST)
    return Counts(min(sizes[None], MOST), sizes[None] > MOST, numbers, uncounted)


def kept(
    session: Session, known: Sequence[TaxonomyFacet], counts: Counts, *, node: str, area: str, plain: Collection[UUID]
) -> tuple[Numbers, datetime | None]:
    """The counts with what is kept of those that were not counted, and the moment it was counted; a facet that is not
    `plain` has other filters beside category and area, so only its values are told. At most one statement."""
    numbers: Numbers = dict(counts.numbers)
    if not counts.uncounted:
        return numbers, None
    found = category_count.by_value(session, node, area)
    for facet in known:
        if facet.id in counts.uncounted:
            there: Mapping[str, int | None] = found.numbers.get(facet.key) or dict.fromkeys(_possible(facet))
            numbers[facet.id] = dict(there) if facet.id in plain else dict.fromkeys(there)
    return numbers, found.at if counts.uncounted.intersection(plain) else None


def _pool(name: str, found: Any) -> Any:
    """Filter, then count: the planner would rather count everything and filter then."""
    return found.limit(MOST + 1).cte(name).prefix_with("MATERIALIZED")


def _values(own: UUID | None, pool: Any, wanted: list[UUID]) -> sa.Select[Any]:
    """The values of one pool: of the facet it leaves out, or of all that nobody filters by. OFFSET 0 keeps the planner
    to one look into the index for each result; by itself it reads the whole table of values."""
    which = ListingFacet.facet_id == own if own else ListingFacet.facet_id.not_in(wanted)
    value = (ListingFacet.facet_id, ListingFacet.text_value, ListingFacet.boolean_value, ListingFacet.number_value)
    each = sa.select(*value).where(ListingFacet.listing_id == pool.c.id, which).offset(0).lateral()
    joined = sa.select(_key(own), *each.c, sa.func.count()).select_from(pool).join(each, sa.true())
    return joined.group_by(*each.c)


def _key(own: UUID | None) -> sa.ColumnElement[UUID | None]:
    return sa.cast(sa.null() if own is None else sa.literal(own, sa.Uuid), sa.Uuid)


def _possible(facet: TaxonomyFacet) -> list[str]:
    if facet.type is FacetType.boolean:
        return ["true", "false"]
    return [option["value"] for option in facet.options]


def _shown(text: str | None, boolean: bool | None, number: Decimal | None) -> str:
    """A value as an address writes it."""
    if text is not None:
        return text
    return str(boolean).lower() if boolean is not None else f"{(number or Decimal(0)).normalize():f}"


def grouped(known: Sequence[TaxonomyFacet], counts: Numbers, chosen: Mapping[str, set[str]]) -> tuple[FacetCounts, ...]:
    """As people choose from them: options in their order, numbers from low to high, what is chosen even at zero."""
    groups = []
    for facet in known:
        labels = {option["value"]: option["label"] for option in facet.options} | {"true": "Yes", "false": "No"}
        numbers = counts.get(facet.id, {})
        order = list(labels) if facet.type not in NUMBERS else sorted(numbers, key=Decimal)
        on = chosen.get(facet.key, set())
        shown = tuple(
            Count(value, labels.get(value, f"{value} {facet.unit}".strip()), numbers.get(value, 0), value in on)
            for value in order
            if value in numbers or value in on
        )
        if shown:
            groups.append(FacetCounts(facet.key, facet.label, shown))
    return tuple(groups)
