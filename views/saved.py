"""Saved views beside a list: which there are, which of them is shown, and whether this one could be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import g
from flask_login import current_user

from app.services.platform import saved_view
from app.session import session
from models.platform.saved_view import SavedView

if TYPE_CHECKING:
    from views.base import ConsoleView
    from views.listing import Page


@dataclass(frozen=True)
class Saved:
    """`here` is the view that is shown now, if any; `fresh` says that the list differs from every view and tab."""

    views: Sequence[SavedView]
    here: SavedView | None
    fresh: bool

    @property
    def mine(self) -> SavedView | None:
        """The view that is shown, when it is one's own."""
        return self.here if self.here is not None and self.here.user_id == current_user.id else None


def beside(view: ConsoleView, page: Page) -> Saved:
    """The views of this person on this screen."""
    views = [one for one in _all() if one.screen == view.endpoint]
    here = next((one for one in views if one.leads_to(page.asked)), None)
    known = [{}, *(tab.args for tab in view.tabs)]
    return Saved(views, here, fresh=here is None and page.asked not in known)


def landings() -> dict[str, dict[str, list[str]]]:
    """Where the menu leads for whoever chose so, by screen."""
    return {one.screen: one.query for one in _all() if one.opens_first and one.user_id == current_user.id}


def _all() -> Sequence[SavedView]:
    """Read once per request: the menu and the list ask."""
    if "saved_views" not in g:
        g.saved_views = saved_view.of(session(), current_user.id)
    found: Sequence[SavedView] = g.saved_views
    return found
