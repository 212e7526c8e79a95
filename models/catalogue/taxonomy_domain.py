"""The top of the taxonomy: services, rentals, materials."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Short, UuidPk


class TaxonomyDomain(Base):
    """Every column of a taxonomy table is under the release's checksums: no timestamps here."""

    __tablename__ = "taxonomy_domain"
    __table_args__ = (
        sa.UniqueConstraint("slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_readable"),
    )

    id: Mapped[UuidPk]
    slug: Mapped[str] = mapped_column(sa.String(40))
    label: Mapped[Short]
    position: Mapped[int]
    retired: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    def __str__(self) -> str:
        return self.label
