"""Identifiers of the taxonomy: the same node has the same id in every installation (UUIDv5, RFC 9562)."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

NAMESPACE = uuid5(NAMESPACE_URL, "fixnado:marketplace-taxonomy")


def domain_id(domain: str) -> UUID:
    """`domain` is the slug: services, rentals or materials."""
    return uuid5(NAMESPACE, f"{domain}:domain")


def node_id(domain: str, lineage: str) -> UUID:
    """`lineage` is the full path, which starts with the domain's slug: services/electrical/eicr."""
    return uuid5(NAMESPACE, f"{domain}:{lineage}")


def facet_id(domain: str, key: str) -> UUID:
    """A facet belongs to its domain; the same key in another domain is another facet."""
    return uuid5(NAMESPACE, f"{domain}:facet:{key}")
