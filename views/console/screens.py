"""Every screen of the console, in the order of the menu. A screen that is not here does not exist."""

from __future__ import annotations

from views.console.people.organisation import OrganisationView
from views.console.people.profile import ProfileView
from views.console.people.role import RoleView
from views.console.people.seller import SellerView
from views.console.people.user import UserView

SCREENS: tuple[type, ...] = (
    SellerView,
    OrganisationView,
    UserView,
    RoleView,
)
PLAIN: tuple[type, ...] = (ProfileView,)
"""Views that are reached from somewhere else than the menu."""
