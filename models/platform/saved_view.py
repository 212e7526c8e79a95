"""A list as somebody wants to see it again: its filters, order and columns under a name of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.types import Created, Short, UserId, UuidPk

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|")
"""One end of a period, which may be left open."""


class SavedView(Base):
    """`query` holds the list's query parameters, each with its values. Without a role it is its owner's alone; with
    one, whoever has the role finds it on the screen, as far as they may see the screen. At most one of a person's own
    views of a screen is the one that the menu opens."""

    __tablename__ = "saved_view"
    __personal__ = frozenset({"name", "query"})
    __table_args__ = (
        sa.CheckConstraint("length(btrim(name)) > 0", name="name_says_something"),
        sa.UniqueConstraint("user_id", "screen", "name"),
        sa.Index("uq_saved_view_default", "user_id", "screen", unique=True, postgresql_where=sa.text("opens_first")),
        sa.Index("ix_saved_view_role_id", "role_id", postgresql_where=sa.text("role_id IS NOT NULL")),
    )

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    screen: Mapped[Short]
    name: Mapped[str] = mapped_column(sa.String(40))
    query: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    role_id: Mapped[int | None] = mapped_column(sa.Integer, sa.ForeignKey("ab_role.id", ondelete="CASCADE"))
    opens_first: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[Created]

    user: Mapped[User] = relationship(User)
    role: Mapped[Role | None] = relationship(Role)

    def leads_to(self, asked: dict[str, Any]) -> bool:
        """Whether these query parameters are the view's. What was ticked in another order is the same; the days of a
        period are not: `from` is the first and `until` the second, and either may be empty."""
        given = {name: values if isinstance(values, list) else [values] for name, values in asked.items()}
        return {name: _said(values) for name, values in self.query.items()} == {
            name: _said(values) for name, values in given.items()
        }


def _said(values: Sequence[str]) -> Sequence[str]:
    return list(values) if any(_DAY.fullmatch(value) for value in values) else sorted(values)
