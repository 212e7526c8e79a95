"""The side navigation: the screens a person may read, by group, with what waits on each, counted in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app, g, request, url_for
from flask_appbuilder.menu import Menu

from app.session import session
from security.permissions import READ
from views.saved import landings


@dataclass(frozen=True)
class Link:
    """One entry. `waiting` is None where nothing is counted."""

    label: str
    url: str
    icon: str
    waiting: int | None
    current: bool


class ConsoleMenu(Menu):
    """Flask-AppBuilder's register stays empty: a screen is in the menu because it is in the list of screens, and is
    shown to whoever may read it, so there is no second set of permissions to keep in step."""

    def __init__(self) -> None:
        super().__init__()
        self.screens: list[Any] = []

    def tree(self) -> Sequence[tuple[str, Sequence[Link]]]:
        """Groups in their order, each with its links; made once per request."""
        if "menu_tree" not in g:
            g.menu_tree = self._tree()
        tree: Sequence[tuple[str, Sequence[Link]]] = g.menu_tree
        return tree

    def _tree(self) -> Sequence[tuple[str, Sequence[Link]]]:
        may = current_app.appbuilder.sm.may  # type: ignore[attr-defined]
        shown = [view for view in self.screens if may(view.resource, READ)]
        waiting, opened = _waiting(shown), landings()
        groups: dict[str, list[Link]] = {}
        for view in shown:
            entry = Link(
                view.label,
                url_for(f"{view.endpoint}.{view.default_view}", **opened.get(view.endpoint, view.landing)),
                view.icon,
                waiting.get(view.endpoint),
                request.blueprint == view.endpoint,
            )
            groups.setdefault(view.group, []).append(entry)
        return list(groups.items())


def _waiting(views: Sequence[Any]) -> dict[str, int]:
    counted = {view.endpoint: select for view in views if (select := view.waiting()) is not None}
    if not counted:
        return {}
    counts = session.execute(sa.select(*(select.scalar_subquery() for select in counted.values()))).one()
    return dict(zip(counted, counts, strict=True))
