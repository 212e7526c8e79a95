"""The tree that listings are filed in. It is published from the blueprint; here it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from app.services.catalogue import facet
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_node import TaxonomyNode
from views import drawing
from views.base import ConsoleView
from views.columns import Column, Test, TestFacet
from views.interface import Interface

N = TaxonomyNode


class TaxonomyNodeView(ConsoleView):
    """Each node with the facets it asks for."""

    datamodel = Interface(N, eager=(joinedload(N.domain),))
    resource, label, group, icon, nouns = "TaxonomyNode", "Taxonomy", "Catalogue", "hierarchy-2", "nodes"
    route_base = "/taxonomy"
    search = (N.label, N.lineage)
    columns = (
        Column("label", "Node", "title", order=N.label, slot="title"),
        Column("lineage", "Path", "code", order=N.lineage, slot="meta", width="l", prio=2),
        Column("domain", "Domain", get=lambda n: n.domain.label, order=TaxonomyDomain.label, width="s", slot="end"),
        Column("moderation_lane", "Review lane", "number", order=N.moderation_lane, width="m", prio=2),
        Column("severity", "Severity", "number", order=N.severity, width="s", prio=3),
        Column("retired", "Retired", "yes", order=N.retired, width="s", prio=3),
    )
    facets = (
        TestFacet(
            "retired",
            "Retired",
            {"no": Test("In use", lambda: N.retired.is_(False)), "yes": Test("Retired", lambda: N.retired.is_(True))},
            "ban",
        ),
    )

    def narrowed(self) -> Any:
        return super().narrowed().join(TaxonomyDomain, TaxonomyDomain.id == N.domain_id)

    def sections(self, row: TaxonomyNode) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        live = sa.select(sa.func.count()).select_from(ListingNode).join(Listing, Listing.id == ListingNode.listing_id)
        sold = session.scalar(live.where(ListingNode.node_id == row.id, Listing.state == ListingState.live))
        rules = facet.effective(session, row)
        return [
            (
                "Place",
                [
                    ("Path", drawing.code(row.lineage)),
                    ("Summary", drawing.plain(row.summary)),
                    ("Also called", drawing.tags(row.synonyms, most=8)),
                    ("Live listings", drawing.plain(sold)),
                    ("Retired", drawing.yes(row.retired)),
                ],
            ),
            (
                "Care",
                [
                    ("Tax category", drawing.code(row.tax_category)),
                    ("Review lane", drawing.plain(row.moderation_lane)),
                    ("Severity", drawing.plain(row.severity)),
                    ("Certificates", drawing.tags(row.certifications, most=8)),
                    ("Rules of law", drawing.tags([n.get("reference", "") for n in row.regulatory_notes], most=8)),
                ],
            ),
            ("Facets it asks for", [(rule.facet.label, _rule(rule)) for rule in rules]),
        ]


def _rule(rule: Any) -> Any:
    words = [rule.facet.type.value, "required" if rule.required else "optional"]
    return drawing.tags(words + ([rule.facet.unit] if rule.facet.unit else []), most=4)
