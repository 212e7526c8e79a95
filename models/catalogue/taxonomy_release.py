"""What was published: every row of the taxonomy as it stood, with its checksum, under one Merkle root."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.types import Created, Digest, Json, Short


class TaxonomyRelease(Base):
    """Releases are only added. `domain_roots` maps a domain's slug to its root in hex; `root` is over those."""

    __tablename__ = "taxonomy_release"
    __table_args__ = (sa.CheckConstraint("octet_length(root) = 32", name="root_is_whole"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[Digest]
    domain_roots: Mapped[Json]
    note: Mapped[Short]
    published_at: Mapped[Created]

    rows: Mapped[list[TaxonomyReleaseRow]] = relationship(lambda: TaxonomyReleaseRow, passive_deletes="all")


class TaxonomyReleaseRow(Base):
    """One row of one release: `content` is the canonical form of its live columns, `checksum` its SHA-256."""

    __tablename__ = "taxonomy_release_row"
    __table_args__ = (sa.CheckConstraint("octet_length(checksum) = 32", name="checksum_is_whole"),)

    release_number: Mapped[int] = mapped_column(sa.ForeignKey("taxonomy_release.number"), primary_key=True)
    table_name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    row_key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    domain_id: Mapped[UUID]
    content: Mapped[Json]
    checksum: Mapped[Digest]
