"""Every address of the console and who may use it: `python -m tests.house.screens > tests/house/screens.txt`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from security.permissions import PERMISSIONS, stored
from security.roles import ROLES

FILE = Path(__file__).with_name("screens.txt")
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Route:
    """One thing that can be asked of the console. `address` names a record that does not exist, so nothing changes."""

    label: str
    method: str
    address: str
    resource: str
    verb: str

    def allowed(self, role_pairs: frozenset[tuple[str, str]]) -> bool:
        return (self.resource, self.verb) in role_pairs


def routes(app: Flask) -> list[Route]:
    """All of them, except the door (sign in, sign out)."""
    found = [route for rule in app.url_map.iter_rules() for route in _of(app, rule)]
    return sorted(found, key=lambda route: (route.label, route.method))


def _of(app: Flask, rule: Rule) -> Iterator[Route]:
    view = next((v for v in app.appbuilder.baseviews if v.endpoint == rule.endpoint.partition(".")[0]), None)
    name = rule.endpoint.rpartition(".")[2]
    if view is None or view.endpoint == "LoginView":
        return
    for method in sorted(rule.methods & {"GET", "POST"}):
        if name == "move":
            for verb in filter(lambda one: one.call, view.verbs_of):
                yield _route(view, method, rule.rule.replace("<event>", verb.event), verb.permission)
        elif name == "action":
            for act in view.actions:
                verb = view.get_action_permission_name(act).removeprefix("can_")
                yield _route(view, method, rule.rule.replace("<string:name>", act), verb)
        elif name == "action_post":
            for act in view.actions:
                verb = view.get_action_permission_name(act).removeprefix("can_")
                yield _route(view, method, f"{rule.rule}?{act}", verb)
        else:
            function = getattr(view, name)
            verb = view.method_permission_name.get(name) or function._permission_name
            yield _route(view, method, rule.rule, verb)


def _route(view: object, method: str, label: str, verb: str) -> Route:
    address = label.replace("<pk>", NOBODY).replace("<file_id>", NOBODY)
    return Route(label, method, address, view.class_permission_name, verb)


def offered(app: Flask) -> set[tuple[str, str]]:
    """Every permission that some screen really asks for."""
    views = [view for view in app.appbuilder.baseviews if view.endpoint != "LoginView"]
    return {(view.class_permission_name, name) for view in views for name in view.base_permissions}


def vocabulary() -> set[tuple[str, str]]:
    """Every permission there is a word for."""
    return {(resource, stored(verb)) for resource, verbs in PERMISSIONS.items() for verb in verbs}


def table(app: Flask) -> str:
    """Rows are addresses, columns are roles: x may, a point gets 403. Strangers sign in, customers find nothing."""
    lines = ["# screen x role, written by `python -m tests.house.screens`; x = may, . = 403", ""]
    all_routes = routes(app)
    width = max(len(route.label) for route in all_routes) + 7
    lines.append(" " * width + "  ".join(role.name for role in ROLES))
    for route in all_routes:
        marks = ["x" if route.allowed(role.pairs()) else "." for role in ROLES]
        cells = "  ".join(mark.ljust(len(role.name)) for mark, role in zip(marks, ROLES, strict=True))
        lines.append(f"{route.method:5}{route.label}".ljust(width) + cells.rstrip())
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    from tests.databases import SETTINGS

    os.environ.update(SETTINGS)
    nowhere = {"DATABASE_URL": "postgresql://app@/nowhere", "MIGRATION_DATABASE_URL": "postgresql://owner@/nowhere"}
    os.environ.update(nowhere, REDIS_URL="redis://127.0.0.1:1", STORAGE_URL="file:///nowhere")
    from app.factory import create_app

    sys.stdout.write(table(create_app()))
