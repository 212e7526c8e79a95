"""The declarative base. It shares Flask-AppBuilder's registry, so one metadata holds every table."""

from __future__ import annotations

from flask_appbuilder import Model
from sqlalchemy.orm import DeclarativeBase

Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of ours."""

    registry = Model.registry
