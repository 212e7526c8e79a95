"""Makes Flask-AppBuilder's permission rows equal to the table in code. Part of `flask prepare`, never of a start:
four processes that start together used to race for these rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    ViewMenu,
    assoc_permissionview_role,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

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
    roles = _names(session, Role, [role.name for role in ROLES])
    views = _permission_views(session)
    added, removed = [], []
    for role in ROLES:
        wanted = {(resource, stored(verb)) for resource, verb in role.pairs()}
        have = _granted(session, roles[role.name])
        for pair in sorted(wanted - have.keys()):
            session.execute(
                assoc_permissionview_role.insert().values(permission_view_id=views[pair], role_id=roles[role.name])
            )
            added.append(f"{role.name}: {pair[1]} on {pair[0]}")
        for pair in sorted(have.keys() - wanted):
            session.execute(_ungrant(roles[role.name], have[pair]))
            removed.append(f"{role.name}: {pair[1]} on {pair[0]}")
    _drop_unused(session, set(views.values()))
    return Report(tuple(added), tuple(removed), hand_made(session))


def hand_made(session: Session) -> tuple[str, ...]:
    """Names of roles that are in the database and not in the table."""
    ours = [role.name for role in ROLES]
    return tuple(session.scalars(sa.select(Role.name).where(Role.name.not_in(ours)).order_by(Role.name)))


def _names(session: Session, model: Any, names: list[str]) -> dict[str, int]:
    """Ids of the rows with these names, made where they are missing."""
    sequence = sa.Sequence(f"{model.__tablename__}_id_seq")
    for name in names:
        row = insert(model).values(id=sequence.next_value(), name=name)
        session.execute(row.on_conflict_do_nothing(index_elements=["name"]))
    return {row.name: row.id for row in session.execute(sa.select(model.name, model.id).where(model.name.in_(names)))}


def _permission_views(session: Session) -> dict[Pair, int]:
    wanted = [(resource, stored(verb)) for resource, verb in every()]
    permissions = _names(session, Permission, sorted({verb for _, verb in wanted}))
    menus = _names(session, ViewMenu, sorted({resource for resource, _ in wanted}))
    sequence = sa.Sequence("ab_permission_view_id_seq")
    for resource, verb in wanted:
        keys = {"permission_id": permissions[verb], "view_menu_id": menus[resource]}
        row = insert(PermissionView).values(id=sequence.next_value(), **keys)
        session.execute(row.on_conflict_do_nothing(index_elements=list(keys)))
    rows = session.execute(
        sa.select(ViewMenu.name, Permission.name, PermissionView.id)
        .join(PermissionView, PermissionView.view_menu_id == ViewMenu.id)
        .join(Permission, Permission.id == PermissionView.permission_id)
    )
    every_row = {(menu, permission): ident for menu, permission, ident in rows}
    return {pair: every_row[pair] for pair in wanted}


def _granted(session: Session, role_id: int) -> dict[Pair, int]:
    link = assoc_permissionview_role
    rows = session.execute(
        sa.select(ViewMenu.name, Permission.name, PermissionView.id)
        .join(PermissionView, PermissionView.view_menu_id == ViewMenu.id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(link, link.c.permission_view_id == PermissionView.id)
        .where(link.c.role_id == role_id)
    )
    return {(menu, permission): ident for menu, permission, ident in rows}


def _ungrant(role_id: int, permission_view_id: int) -> Any:
    link = assoc_permissionview_role.c
    return assoc_permissionview_role.delete().where(
        link.role_id == role_id, link.permission_view_id == permission_view_id
    )


def _drop_unused(session: Session, wanted: set[int]) -> None:
    link = assoc_permissionview_role.c
    held = sa.select(link.permission_view_id)
    session.execute(sa.delete(PermissionView).where(PermissionView.id.not_in(wanted), PermissionView.id.not_in(held)))
    session.execute(sa.delete(ViewMenu).where(ViewMenu.id.not_in(sa.select(PermissionView.view_menu_id))))
    session.execute(sa.delete(Permission).where(Permission.id.not_in(sa.select(PermissionView.permission_id))))
