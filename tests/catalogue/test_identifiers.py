"""Written from the rule alone, apart from the code that makes the rows."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.catalogue import identifiers

NAMESPACE = UUID("05eff215-408a-5e06-90bf-75d02c6e1663")


def test_the_namespace_is_the_published_one():
    assert uuid5(NAMESPACE_URL, "fixnado:marketplace-taxonomy") == NAMESPACE == identifiers.NAMESPACE


def test_every_stored_id_follows_the_rule(session: Session):
    domains = dict(session.execute(sa.text("select id, slug from taxonomy_domain")).all())
    nodes = session.execute(sa.text("select id, domain_id, lineage from taxonomy_node")).all()
    facets = session.execute(sa.text("select id, domain_id, key from taxonomy_facet")).all()
    assert len(domains) == 3
    assert len(nodes) >= 12
    for key, slug in domains.items():
        assert key == uuid5(NAMESPACE, f"{slug}:domain")
    for key, domain, lineage in nodes:
        assert lineage.startswith(f"{domains[domain]}/")
        assert key == uuid5(NAMESPACE, f"{domains[domain]}:{lineage}")
    for key, domain, name in facets:
        assert key == uuid5(NAMESPACE, f"{domains[domain]}:facet:{name}")
