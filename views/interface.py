"""Flask-AppBuilder's way to the rows, ours: it flushes and never commits, knows PostgreSQL's types, and says in words
what the database refused. The view that calls it opens the unit of work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Query
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.orm.interfaces import ORMOption

from models.errors import Conflict, Invalid, Refused
from views.filters import FilterConverter

_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)
_SAID = {
    "23503": "It is still in use elsewhere, or what it names is gone.",
    "23P01": "It overlaps another one.",
    "23514": "A rule of the database refused this.",
    "40001": "Someone else changed this at the same moment; try again.",
    "40P01": "Someone else changed this at the same moment; try again.",
    "55P03": "Someone else is working on this right now; try again.",
    "57014": "This took too long and was stopped; nothing was changed.",
}


class Interface(SQLAInterface):
    """`eager` are loader options for lists, so that a page costs the same statements whatever its rows."""

    filter_converter_class = FilterConverter

    def __init__(self, model: type, eager: tuple[ORMOption, ...] = ()) -> None:
        super().__init__(model)
        self.eager = eager

    def _type_of(self, name: str) -> Any:
        return self.list_columns[name].type if name in self.list_columns else None

    def is_uuid(self, name: str) -> bool:
        return isinstance(self._type_of(name), sa.Uuid)

    def is_decimal(self, name: str) -> bool:
        kind = self._type_of(name)
        return isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float)

    def is_instant(self, name: str) -> bool:
        """A moment with its zone; a timestamp without one is left to Flask-AppBuilder."""
        kind = self._type_of(name)
        return isinstance(kind, sa.DateTime) and bool(kind.timezone)

    def is_range(self, name: str) -> bool:
        return isinstance(self._type_of(name), postgresql.ranges.AbstractRange)

    def is_citext(self, name: str) -> bool:
        """Case-blind text is one line; as a subclass of Text it would get a text area."""
        return isinstance(self._type_of(name), postgresql.CITEXT)

    def get_search_columns_list(self) -> list[str]:
        """Columns one may search: no JSON, bytes or ranges, and no relation (its form would load the whole table)."""
        return [
            name
            for name in super().get_search_columns_list()
            if not (self.is_json(name) or self.is_binary(name) or self.is_range(name) or self.is_relation(name))
        ]

    def key(self, text: Any) -> Any:
        """The primary key this text spells, or None: a malformed one finds nothing and is no error."""
        column = self.obj.__mapper__.primary_key[0]
        try:
            if isinstance(column.type, sa.Uuid):
                return text if isinstance(text, UUID) else UUID(str(text))
            if isinstance(column.type, sa.Integer):
                number = int(str(text))
                return number if number in (_INT64 if isinstance(column.type, sa.BigInteger) else _INT32) else None
        except ValueError:
            return None
        return str(text)

    def get(
        self,
        id: Any,  # noqa: A002  Flask-AppBuilder's name
        filters: Any = None,
        select_columns: list[str] | None = None,  # noqa: ARG002
        outer_default_load: bool = False,  # noqa: ARG002
    ) -> Any:
        """One row within the row filters, or None."""
        key = self.key(id)
        if key is None:
            return None
        return self.rows(filters).filter(self.obj.__mapper__.primary_key[0] == key).one_or_none()

    def rows(self, filters: Any = None) -> Query[Any]:
        """Every row these filters let through; row-level rules are base filters, so lists and actions share them."""
        query: Query[Any] = self.session.query(self.obj)
        return filters.apply_all(query) if filters else query

    def add(self, item: Any, commit: bool = True) -> None:  # noqa: ARG002  the edge commits
        """Raises Conflict or Invalid with a sentence."""
        self.session.add(item)
        self._flush()

    def edit(self, item: Any, commit: bool = True) -> None:  # noqa: ARG002
        """The row belongs to the session already; merging it would count its version twice."""
        self.session.add(item)
        self._flush()

    def delete(self, item: Any, commit: bool = True) -> None:  # noqa: ARG002
        """Raises Conflict when something still needs the row."""
        self.session.delete(item)
        self._flush()

    def delete_all(self, items: list[Any]) -> None:
        """As `delete`, all or none."""
        for item in items:
            self.session.delete(item)
        self._flush()

    def _flush(self) -> None:
        try:
            self.session.flush()
        except SQLAlchemyError as error:
            raise refusal(error) from error


def refusal(error: SQLAlchemyError) -> Refused:
    """What the database said, as a sentence without SQL and without values; raises what is no refusal but a fault."""
    if isinstance(error, StaleDataError):
        return Conflict("Someone else changed this record after you opened it. Reload to see their change.")
    if not isinstance(error, DBAPIError):
        raise error
    state, about = getattr(error.orig, "sqlstate", "") or "", getattr(error.orig, "diag", None)
    if state == "23505":
        return Invalid("This already exists.", _unique_fields(getattr(about, "message_detail", "") or ""))
    if state == "23502":
        name = getattr(about, "column_name", "") or "A field"
        return Invalid(f"{name.replace('_', ' ').capitalize()} is needed.", {name: "Fill this in"})
    if state in _SAID:
        return Conflict(_SAID[state])
    if state.startswith(("22", "P0001")):
        return Invalid("The database refused a value.")
    raise error


def _unique_fields(detail: str) -> dict[str, str]:
    """PostgreSQL names the columns of the broken key: `Key (email)=(…) already exists.` The value is left out."""
    head, found, _ = detail.partition(")=(")
    columns = head.removeprefix("Key (").split(", ") if found else []
    return {name.removeprefix("lower(").removesuffix("::text"): "This is taken already" for name in columns}
