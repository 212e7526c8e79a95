"""The words a listing is found by without having them: names and synonyms of its nodes, its options, its provider."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_node import TaxonomyNode


def words(listing: Listing, path: Iterable[TaxonomyNode]) -> str:
    """Each word group once; `path` is the primary node and those above it."""
    groups = [group for node in path for group in (node.label, *node.synonyms, *node.search_words)]
    groups += [value.shown for value in listing.facets if value.facet.searchable and value.text_value]
    return " · ".join(dict.fromkeys([*groups, listing.organisation.name]))


def path_of(session: Session, node: TaxonomyNode) -> list[TaxonomyNode]:
    """The node and those above it, the nearest first."""
    found = session.scalars(sa.select(TaxonomyNode).where(TaxonomyNode.lineage.in_(node.lineages())))
    return sorted(found, key=lambda above: -len(above.lineage))


def refresh(session: Session, domains: Collection[UUID]) -> int:
    """Writes the words of every listing in these domains anew; answers how many changed."""
    nodes = {n.lineage: n for n in session.scalars(sa.select(TaxonomyNode).where(TaxonomyNode.domain_id.in_(domains)))}
    question = (
        sa.select(Listing)
        .join(ListingNode, sa.and_(ListingNode.listing_id == Listing.id, ListingNode.is_primary))
        .join(TaxonomyNode, TaxonomyNode.id == ListingNode.node_id)
        .where(TaxonomyNode.domain_id.in_(domains), Listing.state != ListingState.retired)
        .options(
            selectinload(Listing.nodes).joinedload(ListingNode.node),
            selectinload(Listing.facets).joinedload(ListingFacet.facet),
            selectinload(Listing.organisation),
        )
        .order_by(Listing.id)
    )
    changed = 0
    for listing in session.scalars(question):
        path = [nodes[lineage] for lineage in reversed(listing.primary_node.lineages())]
        text = words(listing, path)
        changed += text != listing.search_words
        listing.search_words = text
    session.flush()
    return changed
