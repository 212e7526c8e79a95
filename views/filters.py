"""Flask-AppBuilder's filters on PostgreSQL with psycopg 3: a value has the type of its column, or nothing matches.

Stock filters compare a numeric column with text and a JSON column with `ilike` (errors), and do not know UUIDs.
Our lists do not use them (views/facets.py does that); base filters and stock views do.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.models.sqla import filters as stock


class _Typed(BaseFilter):
    """Turns the text of a request into the column's type; what cannot be turned matches no row."""

    def convert(self, value: Any) -> Any:
        raise NotImplementedError

    def compare(self, column: Any, value: Any) -> Any:
        raise NotImplementedError

    def apply(self, query: Any, value: Any) -> Any:
        query, column = stock.get_field_setup_query(query, self.model, self.column_name)
        try:
            converted = self.convert(value)
        except (ValueError, InvalidOperation):
            return query.filter(sa.false())
        return query.filter(self.compare(column, converted))


class _Number(_Typed):
    def convert(self, value: Any) -> Decimal:
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError
        return number


class NumberEqual(_Number):
    """The same number."""

    name, arg_name = "is", "eq"

    def compare(self, column: Any, value: Any) -> Any:
        return column == value


class NumberGreater(_Number):
    """A larger number."""

    name, arg_name = "is more than", "gt"

    def compare(self, column: Any, value: Any) -> Any:
        return column > value


class NumberSmaller(_Number):
    """A smaller number."""

    name, arg_name = "is less than", "lt"

    def compare(self, column: Any, value: Any) -> Any:
        return column < value


class UuidEqual(_Typed):
    """The same identifier."""

    name, arg_name = "is", "eq"

    def convert(self, value: Any) -> UUID:
        return value if isinstance(value, UUID) else UUID(str(value))

    def compare(self, column: Any, value: Any) -> Any:
        return column == value


class EnumEqual(_Typed):
    """The member with this name; a forged name is an error in the stock filter."""

    name, arg_name = "is", "eq"

    def convert(self, value: Any) -> Any:
        members = self.datamodel.list_columns[self.column_name].type.enum_class
        if isinstance(value, members):
            return value
        if value not in members.__members__:
            raise ValueError
        return members[value]

    def compare(self, column: Any, value: Any) -> Any:
        return column == value


_ours = {"is_json", "is_binary", "is_numeric", "is_enum"}


class FilterConverter(stock.SQLAFilterConverter):
    """Which filters a kind of column offers: none on JSON and bytes."""

    conversion_table = (
        ("is_uuid", [UuidEqual]),
        ("is_enum", [EnumEqual]),
        ("is_decimal", [NumberEqual, NumberGreater, NumberSmaller]),
        *(row for row in stock.SQLAFilterConverter.conversion_table if row[0] not in _ours),
    )

    def convert(self, col_name: str) -> list[BaseFilter] | None:
        """The filters of a column, None for one without; Flask-AppBuilder writes a warning for each at every start."""
        for test, kinds in self.conversion_table:
            if getattr(self.datamodel, test)(col_name):
                return [kind(col_name, self.datamodel) for kind in kinds]
        return None
