"""Typed properties of listings, as published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.catalogue.taxonomy_node_facet import TaxonomyNodeFacet
from views import drawing
from views.base import ConsoleView
from views.columns import Column, EnumFacet
from views.interface import Interface

F = TaxonomyFacet


class FacetView(ConsoleView):
    """A facet, its values, and who asks for it."""

    datamodel = Interface(F, eager=(joinedload(F.domain),))
    resource, label, group, icon, nouns = "Facet", "Facets", "Catalogue", "tag", "facets"
    route_base = "/facets"
    search = (F.label, F.key)
    columns = (
        Column("label", "Facet", "title", order=F.label, slot="title"),
        Column("key", "Key", "code", order=F.key, width="m", slot="meta", prio=2),
        Column("domain", "Domain", get=lambda f: f.domain.label, order=TaxonomyDomain.label, width="s", slot="end"),
        Column("type", "Kind", get=lambda f: f.type.value, order=F.type, width="ml", slot="status"),
        Column("unit", "Unit", width="s", prio=3),
        Column("filterable", "Filter in the shop", "yes", width="m", prio=2),
    )
    facets = (EnumFacet("type", "Kind", F.type, "tag"),)

    def narrowed(self) -> Any:
        return super().narrowed().join(TaxonomyDomain, TaxonomyDomain.id == F.domain_id)

    def sections(self, row: TaxonomyFacet) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        link = TaxonomyNodeFacet
        asked = sa.select(TaxonomyNode.label, link.required).join(link, link.node_id == TaxonomyNode.id)
        places = session.execute(asked.where(link.facet_id == row.id).order_by(TaxonomyNode.lineage))
        return [
            (
                "Facet",
                [
                    ("Key", drawing.code(row.key)),
                    ("Question", drawing.plain(row.question)),
                    ("Kind", row.type.value),
                    ("Unit", drawing.plain(row.unit)),
                    ("Least", drawing.plain(row.minimum)),
                    ("Most", drawing.plain(row.maximum)),
                    ("Filter in the shop", drawing.yes(row.filterable)),
                    ("Found by search", drawing.yes(row.searchable)),
                ],
            ),
            ("Values", [(option["label"], drawing.code(option["value"])) for option in row.options]),
            ("Asked for by", [(name, "Required" if needed else "Optional") for name, needed in places]),
        ]
