"""One row of the taxonomy apart from any session: its canonical form, its checksum, and the roots over many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.base import Base
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.catalogue.taxonomy_node_facet import TaxonomyNodeFacet
from models.platform.merkle import root_hash

TABLES: tuple[type[Base], ...] = (TaxonomyDomain, TaxonomyNode, TaxonomyFacet, TaxonomyNodeFacet)
ORDER = {model.__tablename__: place for place, model in enumerate(TABLES)}


@dataclass(frozen=True, slots=True)
class TaxonomyRow:
    """`values` are all columns of the table, as Python holds them."""

    model: type[Base]
    domain_id: UUID
    values: dict[str, Any]

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    @property
    def identity(self) -> tuple[Any, ...]:
        """The primary key, in the table's order."""
        return tuple(self.values[column.key] for column in self.model.__table__.primary_key)

    @property
    def key(self) -> str:
        """The primary key as text: one id, or two with a slash between."""
        return "/".join(str(part) for part in self.identity)

    @property
    def place(self) -> tuple[str, str]:
        return self.table, self.key

    @property
    def content(self) -> dict[str, Any]:
        """Every live column in a form that JSON has: numbers with a fraction and ids as text, members by name."""
        return {name: _plain(value) for name, value in self.values.items()}

    @property
    def canonical(self) -> bytes:
        """RFC 8785, so that equal rows are equal bytes everywhere."""
        return rfc8785.dumps(self.content)

    @property
    def checksum(self) -> bytes:
        return sha256(self.canonical).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Enum):
        return value.name
    return str(value) if isinstance(value, UUID) else value


def read(session: Session) -> list[TaxonomyRow]:
    """Every row as it stands in the database now, past any object the session already holds. Four statements."""
    rows: list[TaxonomyRow] = []
    domain_of: dict[UUID | None, UUID] = {}
    for model in TABLES:
        for found in session.execute(sa.select(model.__table__)).mappings():
            values = dict(found)
            owner = values.get("domain_id") or domain_of.get(values.get("node_id")) or values["id"]
            domain_of.update({values["id"]: owner} if "id" in values else {})
            rows.append(TaxonomyRow(model, owner, values))
    return rows


@dataclass(frozen=True, slots=True)
class Roots:
    """Merkle roots (RFC 6962): one per domain's id over its rows, and one over those of all domains."""

    domains: dict[UUID, bytes]
    root: bytes


def roots(leaves: Iterable[tuple[UUID, str, str, bytes]]) -> Roots:
    """Over (domain id, table, key, canonical bytes), in the order of tables and keys, domains in the order of ids."""
    grouped: dict[UUID, list[bytes]] = {}
    for domain, _, _, entry in sorted(leaves, key=lambda leaf: (leaf[0], ORDER[leaf[1]], leaf[2])):
        grouped.setdefault(domain, []).append(entry)
    domains = {domain: root_hash(entries) for domain, entries in sorted(grouped.items())}
    return Roots(domains, root_hash(list(domains.values())))


def roots_of(rows: Iterable[TaxonomyRow]) -> Roots:
    """The roots over whole rows."""
    return roots((row.domain_id, row.table, row.key, row.canonical) for row in rows)
