"""Numbers beside categories and filters when there is more on sale than a page can count for itself.

Up to MOST listings every search counts exactly what it found. Beyond that its numbers come from this table, which a job
counts anew every few minutes. A search says when its filters were counted; the tree of categories does not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.services.catalogue.search_filter import on_sale
from app.services.platform import clock
from models.catalogue.category_count import CategoryCount as Kept
from models.catalogue.listing import Listing
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.listing_node import ListingNode
from models.catalogue.service_visit import ListingArea
from models.catalogue.taxonomy_facet import TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode

MOST = 1_000
_LOCK = 1718383481


@dataclass(frozen=True, slots=True)
class Counted:
    """By facet and value, below one lineage; `at` is None when nothing is kept."""

    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    at: datetime | None = None


def by_lineage(session: Session) -> Counter[str]:
    """Listings on sale by the lineage they are filed at: as they were counted, or now when there are few. One or two
    statements."""
    kept = sa.select(Kept.lineage, Kept.number).where(Kept.area == "", Kept.facet == "")
    now = (
        sa.select(TaxonomyNode.lineage, sa.func.count())
        .join(ListingNode, ListingNode.node_id == TaxonomyNode.id)
        .join(Listing, Listing.id == ListingNode.listing_id)
        .where(ListingNode.is_primary, *on_sale())
        .group_by(TaxonomyNode.lineage)
    )
    found: Any = session.execute(kept).all() or session.execute(now).all()
    return Counter(dict(found))


def by_value(session: Session, node: str, area: str) -> Counted:
    """What is kept of the listings below `node` that come to `area` (empty: anywhere). One statement."""
    here = sa.or_(Kept.lineage == node, Kept.lineage.startswith(f"{node}/", autoescape=True)) if node else sa.true()
    rows = session.execute(
        sa.select(Kept.facet, Kept.value, sa.func.sum(Kept.number), sa.func.max(Kept.counted_at))
        .where(here, Kept.area == area.upper(), Kept.facet != "")
        .group_by(Kept.facet, Kept.value)
    )
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    at = None
    for facet, value, number, at in rows:  # noqa: B007  one moment for all of them
        numbers[facet][value] = int(number)
    return Counted(numbers, at)


def refresh(session: Session) -> int:
    """Counts anew; answers how many rows there are now: none while there are at most MOST listings. May run twice."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    session.execute(sa.delete(Kept))
    some = sa.select(Listing.id).where(*on_sale()).limit(MOST + 1).subquery()
    if (session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= MOST:
        return 0
    columns = ("lineage", "area", "facet", "value", "number", "counted_at")
    counted = session.execute(insert(Kept).from_select(columns, _counts(clock.now())).returning(Kept.lineage))
    return len(counted.all())


def _counts(now: datetime) -> Any:
    shelf = (
        sa.select(Listing.id, TaxonomyNode.lineage)
        .join(ListingNode, sa.and_(ListingNode.listing_id == Listing.id, ListingNode.is_primary))
        .join(TaxonomyNode, TaxonomyNode.id == ListingNode.node_id)
        .where(*on_sale())
        .cte("shelf")
    )
    anywhere = sa.literal("", sa.String).label("area")
    there = sa.union_all(
        sa.select(shelf.c.id, shelf.c.lineage, anywhere),
        sa.select(shelf.c.id, shelf.c.lineage, ListingArea.area).join_from(
            shelf, ListingArea, ListingArea.listing_id == shelf.c.id
        ),
    ).cte("there")
    moment = sa.literal(now, sa.DateTime(timezone=True))
    whole = sa.select(there.c.lineage, there.c.area, sa.literal(""), sa.literal(""), sa.func.count(), moment).group_by(
        there.c.lineage, there.c.area
    )
    values = (ListingFacet.text_value, ListingFacet.boolean_value, ListingFacet.number_value)
    each = (
        sa.select(there.c.lineage, there.c.area, TaxonomyFacet.key, shown(*values), sa.func.count(), moment)
        .join(ListingFacet, ListingFacet.listing_id == there.c.id)
        .join(TaxonomyFacet, TaxonomyFacet.id == ListingFacet.facet_id)
        .where(TaxonomyFacet.filterable)
        .group_by(there.c.lineage, there.c.area, TaxonomyFacet.key, *values)
    )
    return sa.union_all(whole, each)


def shown(text: Any, boolean: Any, number: Any) -> sa.ColumnElement[str]:
    """A value as an address writes it."""
    return sa.func.coalesce(text, sa.cast(boolean, sa.Text), sa.cast(sa.func.trim_scale(number), sa.Text))
