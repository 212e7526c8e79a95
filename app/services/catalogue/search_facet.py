"""Facets to filter by, with how many results each value has; a facet's own choice does not lower its counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from app.services.catalogue.search_filter import Predicate
from models.catalogue.listing import Listing
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import NUMBERS, TaxonomyFacet

Numbers = dict[UUID, dict[str, int]]


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


def counted(session: Session, base: list[Predicate], wanted: dict[UUID, Predicate]) -> tuple[int, Numbers]:
    """How many pass every filter; and per facet and value, how many pass all but, at most, that facet's own."""
    failed: Any = None
    if wanted:
        marks = array([sa.case((holds, None), else_=sa.literal(key, sa.Uuid)) for key, holds in wanted.items()])
        failed = sa.func.array_remove(sa.cast(marks, sa.ARRAY(sa.Uuid)), sa.null())
    columns: Any = (Listing.id, failed.label("failed")) if wanted else (Listing.id,)
    pool = sa.select(*columns).where(*base).cte("pool").prefix_with("MATERIALIZED")  # filter, then count
    clean = sa.func.cardinality(pool.c.failed) == 0 if wanted else sa.true()
    passes = sa.or_(clean, pool.c.failed == array([ListingFacet.facet_id])) if wanted else sa.true()
    # grouped by the plain columns: the planner knows how few values they have, and hashes instead of sorting
    value = (ListingFacet.facet_id, ListingFacet.text_value, ListingFacet.boolean_value, ListingFacet.number_value)
    each = (
        sa.select(*value, sa.func.count())
        .join(pool, pool.c.id == ListingFacet.listing_id)
        .where(passes)
        .group_by(*value)
    )
    nothing = (sa.null() for _ in value)
    everything = sa.select(*nothing, sa.func.count()).select_from(pool).where(clean)
    total, numbers = 0, Numbers()
    rows: Any = session.execute(sa.union_all(each, everything))
    for facet_id, text, boolean, number, count in rows:
        if facet_id is None:
            total = count
        else:
            numbers.setdefault(facet_id, {})[_shown(text, boolean, number)] = count
    return total, numbers


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
