"""The tree of service categories with the number of listings on sale in each, children included."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from app.services.catalogue import category_count
from models.catalogue.taxonomy_node import TaxonomyNode

DOMAIN = "services"


@dataclass(slots=True)
class Place:
    """One category. `count` is over its whole branch."""

    label: str
    lineage: str
    summary: str
    count: int
    children: list[Place] = field(default_factory=list)

    @property
    def href(self) -> str:
        """Its page in the shop."""
        return address(self.lineage)

    def holds(self, lineage: str) -> bool:
        """Whether `lineage` is this category or lies below it."""
        return lineage == self.lineage or lineage.startswith(f"{self.lineage}/")


def tree(session: Session) -> list[Place]:
    """The first level, each with its children, in the taxonomy's order. At most three statements."""
    counts = _counts(session)
    places: dict[str, Place] = {}
    top: list[Place] = []
    for node in session.scalars(_nodes()):
        place = Place(node.label, node.lineage, node.summary, counts[node.lineage])
        places[node.lineage] = place
        parent = places.get(node.lineage.rpartition("/")[0])
        (parent.children if parent else top).append(place)
    return top


def trail(session: Session, node: TaxonomyNode) -> list[tuple[str, str]]:
    """Label and address of every category from the first level down to `node`. One statement."""
    query = sa.select(TaxonomyNode.label, TaxonomyNode.lineage).where(TaxonomyNode.lineage.in_(node.lineages()))
    rows = session.execute(query.order_by(sa.func.length(TaxonomyNode.lineage)))
    return [(label, address(lineage)) for label, lineage in rows]


def address(lineage: str) -> str:
    """A category's page in the shop."""
    return url_for("storefront.services", branch=lineage.removeprefix(f"{DOMAIN}/"))


def path_to(top: list[Place], lineage: str) -> list[Place]:
    """From the first level down to `lineage`; empty when there is no such category."""
    path: list[Place] = []
    level = top
    while found := next((place for place in level if place.holds(lineage)), None):
        path.append(found)
        if found.lineage == lineage:
            return path
        level = found.children
    return []


def _nodes() -> sa.Select[TaxonomyNode]:
    depth = sa.func.cardinality(sa.func.string_to_array(TaxonomyNode.lineage, "/"))
    return (
        sa.select(TaxonomyNode)
        .where(TaxonomyNode.lineage.startswith(f"{DOMAIN}/"), ~TaxonomyNode.retired)
        .order_by(depth, TaxonomyNode.position)
    )


def _counts(session: Session) -> Counter[str]:
    """Listings on sale by lineage, each counted once in every category above its primary one."""
    counts: Counter[str] = Counter()
    for lineage, number in category_count.by_lineage(session).items():
        parts = lineage.split("/")
        for depth in range(2, len(parts) + 1):
            counts["/".join(parts[:depth])] += number
    return counts
