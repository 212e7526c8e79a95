"""A model with every kind of column that Flask-AppBuilder gets wrong on PostgreSQL, and screens over it.

It has its own registry and its own schema: the product's metadata and its migrations never see it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect
from flask_appbuilder.actions import action
from flask_appbuilder.models.sqla.filters import FilterStartsWith
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from models.types import uuid7
from views.base import ConsoleView
from views.columns import Column, EnumFacet
from views.interface import Interface


class LabBase(DeclarativeBase):
    metadata = sa.MetaData(schema="lab")


class Tone(Enum):
    soft = "Softly"
    loud = "Loudly"


class Shelf(LabBase):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))

    def __str__(self) -> str:
        return self.name


class Jar(LabBase):
    __tablename__ = "jar"
    __table_args__ = (sa.CheckConstraint("weight <> 13", name="not_thirteen"),)
    id: Mapped[UUID] = mapped_column(sa.Uuid, primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    twin: Mapped[UUID | None] = mapped_column(sa.Uuid)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    weight: Mapped[Decimal] = mapped_column(sa.Numeric(10, 3), default=Decimal(1))
    tone: Mapped[Tone] = mapped_column(sa.Enum(Tone, native_enum=False, length=10), default=Tone.soft)
    opened_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    sealed: Mapped[bool] = mapped_column(default=True)
    secret: Mapped[str] = mapped_column(sa.String(40), default="")
    shelf_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shelf.id"))
    shelf: Mapped[Shelf | None] = relationship(Shelf)

    def __str__(self) -> str:
        return self.name


class ShelfView(ConsoleView):
    datamodel = Interface(Shelf)
    resource, label, group, nouns, route_base = "Shelf", "Shelves", "Lab", "shelves", "/shelves"
    columns = (Column("name", "Shelf", "title", order=Shelf.name),)
    include_route_methods = {"list", "show", "add", "edit"}
    add_columns = edit_columns = ["name"]


FIELDS = ["name", "twin", "facts", "weight", "tone", "opened_at", "sealed"]


class JarView(ConsoleView):
    datamodel = Interface(Jar)
    resource, label, group, nouns, route_base = "Jar", "Jars", "Lab", "jars", "/jars"
    columns = (
        Column("name", "Jar", "title", order=Jar.name),
        Column("weight", "Weight", "number", order=Jar.weight),
        Column("opened_at", "Opened", "when", order=Jar.opened_at),
        Column("secret", "Secret", get=lambda _jar: "hidden"),
    )
    facets = (EnumFacet("tone", "Tone", Jar.tone),)
    search = (Jar.name,)
    base_filters = [["name", FilterStartsWith, "mine"]]
    include_route_methods = {"list", "show", "add", "edit", "action", "action_post"}
    add_columns = edit_columns = FIELDS
    add_title = "New jar"

    @action("open", "Open", "Open these jars?", multiple=True)
    def open(self, jars: Any) -> Any:
        for jar in jars if isinstance(jars, list) else [jars]:
            jar.sealed = False
        flash("Opened", "success")
        return redirect("/console/jars/list/")
