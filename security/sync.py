"""Makes Flask-AppBuilder's permission rows equal to the table in code. Part of `flask prepare`, never of a start:
four processes that start together used to race for these rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu
from sqlalchemy.orm import Session, selectinload

from security.permissions import every, stored
from security.roles import ROLES

Pair = tuple[str, str]


@dataclass(frozen=True)
class Report:
    """What was not yet as the table says. `hand_made` roles were added in the database by somebody: they stay."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    hand_made: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """True when the database differed."""
        return bool(self.added or self.removed)


def sync(session: Session) -> Report:
    """Roles, permissions and grants become those of `security.roles`; flushes, the caller commits. Safe to repeat.

    A lock on the role table lets two deployments run at once. Permissions that no screen offers any more are removed
    unless a hand-made role still holds them.
    """
    session.execute(sa.text("LOCK TABLE ab_role IN SHARE ROW EXCLUSIVE MODE"))
    roles = _named(session, Role, [role.name for role in ROLES])
    views = _permission_views(session)
    added, removed = [], []
    for role in ROLES:
        wanted = {(resource, stored(verb)) for resource, verb in role.pairs()}
        row = roles[role.name]
        have = {(view.view_menu.name, view.permission.name): view for view in row.permissions}
        added += [f"{role.name}: {verb} on {resource}" for resource, verb in sorted(wanted - have.keys())]
        removed += [f"{role.name}: {verb} on {resource}" for resource, verb in sorted(have.keys() - wanted)]
        if wanted != have.keys():
            row.permissions = [views[pair] for pair in sorted(wanted)]
    session.flush()
    _drop_unused(session, views)
    return Report(tuple(added), tuple(removed), hand_made(session))


def hand_made(session: Session) -> tuple[str, ...]:
    """Names of roles that are in the database and not in the table."""
    ours = [role.name for role in ROLES]
    return tuple(session.scalars(sa.select(Role.name).where(Role.name.not_in(ours)).order_by(Role.name)))


def _named(session: Session, model: Any, names: list[str]) -> dict[str, Any]:
    """The rows with these names, made where they are missing."""
    found = {row.name: row for row in session.scalars(sa.select(model).where(model.name.in_(names)))}
    for name in names:
        if name not in found:
            found[name] = model(name=name)
            session.add(found[name])
    session.flush()
    return found


def _permission_views(session: Session) -> dict[Pair, PermissionView]:
    wanted = [(resource, stored(verb)) for resource, verb in every()]
    permissions = _named(session, Permission, sorted({verb for _, verb in wanted}))
    menus = _named(session, ViewMenu, sorted({resource for resource, _ in wanted}))
    rows = session.scalars(sa.select(PermissionView))
    found = {(row.view_menu.name, row.permission.name): row for row in rows}
    for resource, verb in wanted:
        if (resource, verb) not in found:
            found[resource, verb] = PermissionView(permission=permissions[verb], view_menu=menus[resource])
            session.add(found[resource, verb])
    session.flush()
    return {pair: found[pair] for pair in wanted}


def _drop_unused(session: Session, wanted: dict[Pair, PermissionView]) -> None:
    """What an older version of the product offered. Grants of hand-made roles keep their permission alive."""
    every_one = session.scalars(sa.select(PermissionView).options(selectinload(PermissionView.role)))
    for row in every_one.all():
        if (row.view_menu.name, row.permission.name) not in wanted and not row.role:
            session.delete(row)
    session.flush()
    used = sa.select(PermissionView.view_menu_id), sa.select(PermissionView.permission_id)
    for model, ids in ((ViewMenu, used[0]), (Permission, used[1])):
        for row in session.scalars(sa.select(model).where(model.id.not_in(ids))).all():
            session.delete(row)
    session.flush()
