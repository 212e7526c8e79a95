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
    marks = array([sa.case((holds, None), else_=sa.literal(key, sa.Uuid)) for key, holds in wanted.items()])
    failed = sa.func.array_remove(sa.cast(marks, sa.ARRAY(sa.Uuid)), sa.null()).label("failed")
    pool = sa.select(Listing.id, failed).where(*base).cte("pool").prefix_with("MATERIALIZED")  # filter, then count
    clean = sa.func.cardinality(pool.c.failed) == 0
    value = sa.func.coalesce(
        ListingFacet.text_value,
        sa.cast(ListingFacet.boolean_value, sa.String),
        sa.cast(sa.func.trim_scale(ListingFacet.number_value), sa.String),
    ).label("value")
    each = (
        sa.select(ListingFacet.facet_id, value, sa.func.count().label("number"))
        .join(pool, pool.c.id == ListingFacet.listing_id)
        .where(sa.or_(clean, pool.c.failed == array([ListingFacet.facet_id])))
        .group_by(ListingFacet.facet_id, value)
    )
    everything = sa.select(sa.null(), sa.null(), sa.func.count()).select_from(pool).where(clean)
    total, numbers = 0, Numbers()
    rows: Any = session.execute(sa.union_all(each, everything))
    for facet_id, shown, number in rows:
        if facet_id is None:
            total = number
        else:
            numbers.setdefault(facet_id, {})[shown] = number
    return total, numbers


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
