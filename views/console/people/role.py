"""What each role may do. Roles are code (security/roles.py): the console shows them and does not change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role, assoc_user_role

from security.permissions import PERMISSIONS
from security.roles import ALL_STAFF, BY_NAME
from views import drawing
from views.base import ConsoleView
from views.columns import Column
from views.interface import Interface

PEOPLE = sa.select(sa.func.count()).where(assoc_user_role.c.role_id == Role.id).scalar_subquery()


class RoleView(ConsoleView):
    """Read only, also for administrators."""

    datamodel = Interface(Role)
    resource, label, group, icon, nouns = "Role", "Roles", "Administration", "key", "roles"
    route_base = "/roles"
    search = (Role.name,)
    columns = (
        Column("name", "Role", "title", order=Role.name, slot="title"),
        Column("purpose", "What for", get=lambda r: _purpose(r.name), slot="meta"),
    )

    def sections(self, row: Role) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        people = session.scalar(sa.select(sa.func.count()).where(assoc_user_role.c.role_id == row.id))
        held = BY_NAME[row.name].pairs() - ALL_STAFF if row.name in BY_NAME else frozenset()
        grants = [
            (resource, drawing.plain(text))
            for resource, verbs in PERMISSIONS.items()
            for verb, text in verbs.items()
            if (resource, verb) in held
        ]
        return [("Role", [("What for", _purpose(row.name)), ("People", drawing.plain(people))]), ("May", grants)]


def _purpose(name: str) -> str:
    return BY_NAME[name].purpose if name in BY_NAME else "Made by hand in the database; it is not part of the product."
