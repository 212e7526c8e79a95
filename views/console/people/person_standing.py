"""Where an account stands, in a word, and the questions by which the list of people is narrowed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from markupsafe import Markup

from models.people.deletion_request import DeletionRequest, DeletionState
from models.people.membership import Membership
from models.people.organisation import Organisation, OrganisationKind
from views import drawing

LOOKS = {
    "Suspended": ("danger", "diamond"),
    "May not sign in": ("neutral", "slash"),
    "Deleted": ("neutral", "cross"),
    "To be deleted": ("warning", "clock"),
    "Not confirmed": ("neutral", "dashed"),
    "Active": ("success", "done"),
}
LEAVES = sa.exists().where(DeletionRequest.user_id == User.id, DeletionRequest.state == DeletionState.waiting)


def acts_for(kind: OrganisationKind) -> Any:
    """They belong to an organisation of this kind."""
    mine = sa.select(Membership.id).join(Organisation, Organisation.id == Membership.organisation_id)
    return mine.where(Membership.user_id == User.id, Organisation.kind == kind).exists()


def standing(row: User) -> Markup:
    """Where an account stands: the one thing that matters most now."""
    held = row.__dict__.get("standing")
    word = "Active" if row.active else "May not sign in"
    if held is not None and row.active:
        word = "To be deleted" if row.__dict__.get("leaves") else word if held.confirmed_at else "Not confirmed"
    if held is not None and held.suspended_at:
        word = "Suspended"
    if held is not None and held.closed_at:
        word = "Deleted"
    return drawing.pill(*LOOKS[word], word)


def is_confirmed(row: User) -> bool:
    """Whether the address was shown to be theirs; who was added by staff was vouched for."""
    held = row.__dict__.get("standing")
    return held is None or held.confirmed_at is not None


def suspended_at(row: User) -> datetime | None:
    """Since when it is suspended."""
    held = row.__dict__.get("standing")
    return held.suspended_at if held is not None else None
